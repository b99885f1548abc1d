// Our icons, drawn for a 24 px grid; the class lets the theme colour them.

import { LabIcon } from "@jupyterlab/ui-components";

/** Three nested loops. */
const LOOPS = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <g class="jp-icon3" fill="#616161">
    <rect x="3" y="4" width="18" height="3" rx="1"/>
    <rect x="7" y="9" width="14" height="3" rx="1"/>
    <rect x="11" y="14" width="10" height="3" rx="1"/>
    <rect x="11" y="19" width="6" height="2" rx="1"/>
  </g>
</svg>`;

export const loopsIcon = new LabIcon({ name: "tvmlab:loops", svgstr: LOOPS });

/** A list of steps, the current one marked. */
const STEPS = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <g class="jp-icon3" fill="#616161">
    <circle cx="5" cy="6" r="2"/>
    <rect x="9" y="5" width="12" height="2" rx="1"/>
    <circle cx="5" cy="12" r="3"/>
    <rect x="10" y="11" width="11" height="2" rx="1"/>
    <circle cx="5" cy="18" r="2"/>
    <rect x="9" y="17" width="12" height="2" rx="1"/>
  </g>
</svg>`;

export const schedulesIcon = new LabIcon({ name: "tvmlab:steps", svgstr: STEPS });

/** An open book. */
const BOOK = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <path class="jp-icon3" fill="#616161" d="M2 5c3-1 7-1 9 1v14c-2-2-6-2-9-1zm20 0c-3-1-7-1-9 1v14c2-2 6-2 9-1z"/>
</svg>`;

export const courseIcon = new LabIcon({ name: "tvmlab:course", svgstr: BOOK });
