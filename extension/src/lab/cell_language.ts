// The language of a cell, where it is another than the kernel's: told by the cell magic in its first
// line, or, of raw cells, by their format.

import type { IEditorExtensionFactory, IEditorLanguageRegistry } from "@jupyterlab/codemirror";
import type { IChangedArgs } from "@jupyterlab/coreutils";
import type { IDisposable } from "@lumino/disposable";

/** The model of an editor: its text and its language. */
export type EditorModel = IEditorExtensionFactory.IOptions["model"];

const MAGIC = /^\s*%%(\w+)[ \t]*(.*)/;

/** Ours, by the cell magic of `%load_ext tvmlab` that makes a cell of it. */
const MAGICS: Record<string, string> = { llvm: "text/x-llvm", ptx: "text/x-ptx", loops: "text/x-tvmlab-loops" };

/** The mime type that a cell's first line asks for; null where it is the kernel's language.
 * `%%writefile` and `%%file` write what their file's name says. */
export function askedFor(source: string, languages: IEditorLanguageRegistry): string | null {
  const [, magic, rest] = MAGIC.exec(source) ?? [];
  if (!magic) return null;
  if (magic !== "writefile" && magic !== "file") return MAGICS[magic] ?? null;
  const extension = /\.(\w+)["']?\s*$/.exec(rest ?? "")?.[1];
  const mime = extension ? languages.findByExtension(extension)?.mime : undefined;
  const first = Array.isArray(mime) ? mime[0] : mime;
  return first && Object.values(MAGICS).includes(first as string) ? (first as string) : null;
}

/** Keeps the language of a cell's editor what the cell asks for, as it is written. */
export class CellLanguage implements IDisposable {
  isDisposed = false;
  /** What JupyterLab gave the cell: the kernel's language. */
  private given: string;
  private asked: string | null = null;

  constructor(
    private readonly model: EditorModel,
    private readonly languages: IEditorLanguageRegistry,
  ) {
    this.given = model.mimeType;
    model.mimeTypeChanged.connect(this.onGiven, this);
    model.sharedModel.changed.connect(this.look, this);
    this.look();
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.model.mimeTypeChanged.disconnect(this.onGiven, this);
    this.model.sharedModel.changed.disconnect(this.look, this);
  }

  private look(): void {
    const { cell_type, getMetadata } = this.model.sharedModel as Partial<Cell>;
    if (cell_type === "code") this.asked = askedFor(this.model.sharedModel.getSource(), this.languages);
    else if (cell_type === "raw") this.asked = ours(getMetadata?.call(this.model.sharedModel, "raw_mimetype"));
    this.give();
  }

  private onGiven(_: unknown, { newValue }: IChangedArgs<string>): void {
    if (newValue === this.asked) return;
    this.given = newValue;
    this.give();
  }

  private give(): void {
    const wanted = this.asked ?? this.given;
    if (this.model.mimeType !== wanted) this.model.mimeType = wanted;
  }
}

/** What a shared model has where it is a cell's. */
interface Cell {
  cell_type: string;
  getMetadata(key: string): unknown;
}

const ours = (mime: unknown): string | null => Object.values(MAGICS).find((each) => each === mime) ?? null;
