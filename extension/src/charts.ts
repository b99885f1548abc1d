// The two charts of a tuning run, drawn with plotly. The page gets deltas; the charts are redrawn
// at most four times a second, and less often when drawing takes long.

import Plotly from "plotly.js-basic-dist-min";
import type { Data, Layout, PlotMouseEvent, PlotlyHTMLElement } from "plotly.js";
import type { Trials } from "./trials.js";

const REDRAW_MS = 250;

/** Colours of the page, read when drawing so that a change of theme is followed. */
function palette(node: Element): Record<"ink" | "dim" | "line" | "accent" | "dot" | "fail", string> {
  const style = getComputedStyle(node);
  const read = (name: string, otherwise: string) => style.getPropertyValue(name).trim() || otherwise;
  return {
    ink: read("--tv-ink", "#222"),
    dim: read("--tv-dim", "#666"),
    line: read("--tv-line", "#ccc"),
    accent: read("--tv-accent", "#1565c0"),
    dot: read("--tv-dot", "#78909c"),
    fail: read("--tv-gone", "#b35806"),
  };
}

export class Charts {
  private timer = 0;
  private wait = REDRAW_MS;
  private readonly themes: MutationObserver;
  private readonly sizes: ResizeObserver;
  private isDisposed = false;
  /** The unit of the rates, for axes and hover texts. */
  unit = "GFLOP/s";

  constructor(
    private readonly progress: HTMLElement,
    private readonly accuracy: HTMLElement,
    private readonly trials: Trials,
    private readonly open: (number: number) => void,
  ) {
    this.themes = new MutationObserver(() => this.schedule());
    this.themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "class"] });
    this.sizes = new ResizeObserver(() => this.schedule());
    this.sizes.observe(progress);
  }

  /** Redraws soon; many calls make one drawing. */
  schedule(): void {
    if (this.timer || this.isDisposed) return;
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      void this.draw();
    }, this.wait);
  }

  dispose(): void {
    this.isDisposed = true;
    window.clearTimeout(this.timer);
    this.themes.disconnect();
    this.sizes.disconnect();
    Plotly.purge(this.progress);
    Plotly.purge(this.accuracy);
  }

  private async draw(): Promise<void> {
    if (this.progress.clientWidth === 0) return; // in a hidden tab; the size observer calls again
    const started = performance.now();
    await this.plot(this.progress, this.progressData(), "trial", this.unit);
    await this.plot(this.accuracy, this.accuracyData(), `predicted ${this.unit}`, `measured ${this.unit}`);
    // At most a quarter of the page's time goes into drawing.
    this.wait = Math.max(REDRAW_MS, 3 * (performance.now() - started));
  }

  private async plot(node: HTMLElement, data: Data[], x: string, y: string): Promise<void> {
    const isNew = !("on" in node);
    const layout = chartLayout(palette(node), x, y, node.clientWidth, node.clientHeight);
    await Plotly.react(node, data, layout, { displayModeBar: false, doubleClick: "reset" });
    if (!isNew) return;
    (node as PlotlyHTMLElement).on("plotly_click", (event: PlotMouseEvent) => {
      const number = event.points[0]?.customdata;
      if (typeof number === "number") this.open(number);
    });
  }

  private progressData(): Data[] {
    const { accent, dot, fail } = palette(this.progress);
    const { measured, failed } = this.trials;
    const frontier = this.trials.frontier();
    const floor = failed.map(() => 0);
    return [
      dots("trial", measured.map((p) => p[0]), measured.map((p) => p[1]), measured.map((p) => p[0]), dot, `%{y:.3~g} ${this.unit}`),
      {
        ...dots("failed", failed.map((p) => p[0]), floor, failed.map((p) => p[0]), fail, "%{text}"),
        text: failed.map((p) => p[3].replaceAll("_", " ")),
        cliponaxis: false,
        marker: { color: fail, size: 7, symbol: "x-thin-open", line: { width: 1.5, color: fail } },
      } as Data,
      {
        name: "best so far",
        type: "scatter",
        mode: "lines",
        x: frontier.x,
        y: frontier.y,
        customdata: frontier.numbers,
        line: { color: accent, width: 2, shape: "hv" },
        hovertemplate: `best %{y:.3~g} ${this.unit}<extra></extra>`,
      },
    ];
  }

  private accuracyData(): Data[] {
    const { accent, dim } = palette(this.accuracy);
    const points = this.trials.predicted;
    const rates = points.flatMap(([, rate, prediction]) => [rate!, prediction!]);
    const most = Math.max(...rates, 0);
    return [
      {
        name: "as predicted",
        type: "scatter",
        mode: "lines",
        x: [0, most],
        y: [0, most],
        line: { color: dim, width: 1, dash: "dot" },
        hoverinfo: "skip",
      },
      dots("trial", points.map((p) => p[2]), points.map((p) => p[1]), points.map((p) => p[0]), accent, `%{y:.3~g} ${this.unit}`),
    ];
  }
}

function dots(
  name: string,
  x: (number | null)[],
  y: (number | null)[],
  numbers: number[],
  colour: string,
  hover: string,
): Data {
  return {
    name,
    type: "scatter",
    mode: "markers",
    x,
    y,
    customdata: numbers,
    marker: { color: colour, size: 6, opacity: 0.75 },
    hovertemplate: `trial %{customdata}: ${hover}<extra>click to open</extra>`,
  };
}

function chartLayout(
  colours: ReturnType<typeof palette>,
  x: string,
  y: string,
  width: number,
  height: number,
): Partial<Layout> {
  const axis = (title: string) => ({
    title: { text: title, standoff: 6, font: { size: 11 } },
    gridcolor: colours.line,
    linecolor: colours.line,
    zerolinecolor: colours.line,
    tickfont: { size: 10, color: colours.dim },
    automargin: true,
    rangemode: "tozero" as const,
  });
  return {
    width,
    height,
    margin: { l: 44, r: 8, t: 8, b: 34 },
    paper_bgcolor: "transparent",
    plot_bgcolor: "transparent",
    font: { color: colours.dim, size: 11, family: "inherit" },
    showlegend: false,
    hovermode: "closest",
    dragmode: false,
    xaxis: { ...axis(x), rangemode: "normal" },
    yaxis: axis(y),
    hoverlabel: { font: { size: 11 } },
  };
}
