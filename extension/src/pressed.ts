// While a button of the mouse or the space bar is down, what it is on stays: a browser tells of a
// click only if it finds what was pressed still there when it is let go.

/** What follows a press while it lasts, and is drawn live: sliders, fields, charts. */
const FOLLOWING = "input, select, textarea, canvas";

export class Pressed {
  private isOn = false;
  private readonly held: (() => void)[] = [];

  constructor(private readonly root: HTMLElement) {
    root.addEventListener("pointerdown", this.onPress, true);
    root.addEventListener("keydown", this.onPress, true);
  }

  /** Calls `draw` now, or in its turn once nothing is pressed. */
  settled(draw: () => void): void {
    if (this.isOn) this.held.push(draw);
    else draw();
  }

  dispose(): void {
    this.root.removeEventListener("pointerdown", this.onPress, true);
    this.root.removeEventListener("keydown", this.onPress, true);
    this.listen("removeEventListener");
    this.held.length = 0;
  }

  private readonly onPress = (event: Event) => {
    if (event instanceof KeyboardEvent && event.key !== " ") return;
    if (this.isOn || (event.target as Element).closest(FOLLOWING)) return;
    this.isOn = true;
    this.listen("addEventListener");
  };

  private readonly onRelease = () => {
    this.listen("removeEventListener");
    // The click comes after the release, in the same task.
    setTimeout(() => {
      this.isOn = false;
      for (const draw of this.held.splice(0)) draw();
    });
  };

  /** A press may end anywhere on the page, or leave it. */
  private listen(change: "addEventListener" | "removeEventListener"): void {
    for (const end of ["pointerup", "pointercancel", "keyup"]) document[change](end, this.onRelease, true);
    window[change]("blur", this.onRelease);
  }
}
