// Lines of one lab that belong together: a pane says which line of the program is pointed at, and
// the others light what comes from it. It stays in the browser, so it keeps up with the pointer.

const EVENT = "tvmlab-link";
const LAB = ".tvmlab-lab";

export interface Link {
  /** 1-based line of the program; 0: none. */
  origin: number;
  /** Chosen and not only hovered: others bring the first such line into view. */
  isChosen: boolean;
}

export class Links {
  private readonly onEvent = (event: Event) => {
    if (!(event.target instanceof Element) || event.target === this.root) return;
    if (event.target.closest(LAB) === this.root.closest(LAB)) this.show((event as CustomEvent<Link>).detail);
  };

  /** `show` is called for what other panes of the lab around `root` point at. */
  constructor(
    private readonly root: Element,
    private readonly show: (link: Link) => void,
  ) {
    document.addEventListener(EVENT, this.onEvent);
  }

  /** Tells the other panes. */
  point(origin: number, isChosen = false): void {
    const detail: Link = { origin, isChosen };
    this.root.dispatchEvent(new CustomEvent(EVENT, { detail, bubbles: true }));
  }

  dispose(): void {
    document.removeEventListener(EVENT, this.onEvent);
  }
}
