import type { IEditorLanguageRegistry } from "@jupyterlab/codemirror";
import { Signal } from "@lumino/signaling";
import { expect, test } from "vitest";
import { askedFor, CellLanguage, type EditorModel } from "./cell_language.js";

const MIME: Record<string, string> = { ll: "text/x-llvm", tir: "text/x-tvmlab-loops", html: "text/html" };
const languages = {
  findByExtension: (extension: string) => (MIME[extension] ? { name: extension, mime: MIME[extension] } : null),
} as unknown as IEditorLanguageRegistry;

test("a cell's first line says its language", () => {
  expect(askedFor("%%llvm\ndefine", languages)).toBe("text/x-llvm");
  expect(askedFor("\n%%loops B\ndef B():", languages)).toBe("text/x-tvmlab-loops");
  expect(askedFor("%%writefile -a out/a.ll\ndefine", languages)).toBe("text/x-llvm");
  expect(askedFor('%%file "a b.tir"\n', languages)).toBe("text/x-tvmlab-loops");
  for (const other of ["x = 1", "%%time\n%%llvm", "%%html", "%%writefile a.html", "%%writefile", "# %%llvm", "%%llvmx"]) {
    expect(askedFor(other, languages)).toBe(null);
  }
});

/** The model of a cell's editor, as JupyterLab's notebook treats it. */
function cell(cell_type: string, source: string, metadata: Record<string, string> = {}) {
  const sharedModel = {
    cell_type,
    getSource: () => source,
    getMetadata(key: string) {
      return this === sharedModel ? metadata[key] : undefined;
    },
    changed: null as unknown as Signal<object, object>,
  };
  sharedModel.changed = new Signal(sharedModel);
  const model = {
    sharedModel,
    mime: "text/x-ipython",
    get mimeType() {
      return model.mime;
    },
    set mimeType(newValue: string) {
      const oldValue = model.mime;
      model.mime = newValue;
      if (newValue !== oldValue) model.mimeTypeChanged.emit({ name: "mimeType", oldValue, newValue });
    },
    mimeTypeChanged: null as unknown as Signal<object, object>,
    write(text: string) {
      source = text;
      sharedModel.changed.emit({});
    },
  };
  model.mimeTypeChanged = new Signal(model);
  return model;
}

test("a cell keeps the language it asks for, and gets the kernel's back", () => {
  const model = cell("code", "%%llvm\n");
  const language = new CellLanguage(model as unknown as EditorModel, languages);
  expect(model.mimeType).toBe("text/x-llvm");
  model.mimeType = "text/x-python"; // the kernel has told its language
  expect(model.mimeType).toBe("text/x-llvm");
  model.write("%%loops");
  expect(model.mimeType).toBe("text/x-tvmlab-loops");
  model.write("x = 1");
  expect(model.mimeType).toBe("text/x-python");
  language.dispose();
  model.write("%%llvm");
  expect(model.mimeType).toBe("text/x-python");
});

test("a raw cell has the language of its format, and a file its own", () => {
  const raw = cell("raw", "ret;", { raw_mimetype: "text/x-ptx" });
  new CellLanguage(raw as unknown as EditorModel, languages);
  expect(raw.mimeType).toBe("text/x-ptx");
  const file = cell(undefined as unknown as string, "%%llvm");
  new CellLanguage(file as unknown as EditorModel, languages);
  expect(file.mimeType).toBe("text/x-ipython");
});
