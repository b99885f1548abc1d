// Lines of one lab that belong together: a pane says which line of the program, which of its loops or
// which step is pointed at, and every pane lights what comes from it. It stays in the browser, so it
// keeps up with the pointer.

import type { LoopRef } from "./schema.js";

const EVENT = "tvmlab-link";
const LAB = ".tvmlab-lab";

export interface Link {
  /** 1-based line of the program; 0: none. */
  origin: number;
  /** Loops of the program. */
  loops: LoopRef[];
  /** The step that wrote the line, from 1; 0: none. */
  step: number;
  /** Chosen in another pane, not only hovered: the first such line comes into view. */
  isChosen: boolean;
}

export class Links {
  private readonly onEvent = (event: Event) => {
    if (!(event.target instanceof Element)) return;
    if (event.target.closest(LAB) !== this.root.closest(LAB)) return;
    const { detail } = event as CustomEvent<Link>;
    this.show({ ...detail, isChosen: detail.isChosen && event.target !== this.root });
  };

  /** `show` is called for what any pane of the lab around `root` points at, this one included. */
  constructor(
    private readonly root: Element,
    private readonly show: (link: Link) => void,
  ) {
    document.addEventListener(EVENT, this.onEvent);
  }

  /** Tells every pane. */
  point(origin: number, isChosen = false, more: Partial<Link> = {}): void {
    const detail: Link = { origin, isChosen, loops: [], step: 0, ...more };
    this.root.dispatchEvent(new CustomEvent(EVENT, { detail, bubbles: true }));
  }

  dispose(): void {
    document.removeEventListener(EVENT, this.onEvent);
  }
}

/** Whether two names are those of one loop. */
export const isSame = (a: LoopRef | null | undefined, b: LoopRef | null | undefined): boolean =>
  !!a && !!b && a.block === b.block && a.loop === b.loop;
