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
