// Building DOM without ever parsing a string as HTML: text goes in through textContent only.

type Child = Node | string | null | undefined | false;

interface Properties {
  class?: string;
  title?: string;
  /** ARIA and data attributes, roles, types: set with setAttribute. */
  [attribute: string]: string | number | boolean | EventListener | undefined;
}

const FOCUSABLE = new Set<string>(["button", "input", "select", "textarea"]);

/** An element with attributes, listeners (`onclick: handler`) and children. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  // JupyterLab's single-key shortcuts must not fire while the focus is here. It asks the focused
  // element itself before any of its parents, so each of them carries the mark.
  if (FOCUSABLE.has(tag) || "tabindex" in properties) node.dataset["lmSuppressShortcuts"] = "true";
  node.append(...children.filter((child): child is Node | string => Boolean(child)));
  return node;
}

/** Replaces all children of `parent`. */
export function fill(parent: Element, ...children: Child[]): void {
  parent.replaceChildren(...children.filter((child): child is Node | string => Boolean(child)));
}

/** A push button; disabled buttons keep their title so that the reason can be read. */
export function button(
  label: string,
  onclick: () => void,
  options: { title?: string; class?: string; disabled?: boolean } = {},
): HTMLButtonElement {
  return el(
    "button",
    {
      type: "button",
      class: `tv-button ${options.class ?? ""}`.trim(),
      title: options.title ?? label,
      disabled: options.disabled ?? false,
      onclick,
    },
    label,
  );
}

/** Sets text only when it changed, so that selections and screen readers are not disturbed. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Copies `text` and says so on the button for a moment. */
export async function copyText(text: string, source: HTMLButtonElement): Promise<void> {
  const label = source.textContent ?? "";
  try {
    await navigator.clipboard.writeText(text);
    source.textContent = "Copied";
  } catch {
    source.textContent = "Not allowed";
  }
  setTimeout(() => (source.textContent = label), 1200);
}
