import type { EditorLanguageRegistry, IEditorLanguageRegistry } from "@jupyterlab/codemirror";
import { beforeAll, expect, test, vi } from "vitest";

vi.mock("@jupyterlab/rendermime", () => ({ IRenderMimeRegistry: {} }));
let Registry: typeof EditorLanguageRegistry;
let registry: IEditorLanguageRegistry;

beforeAll(async () => {
  // JupyterLab's modules name these as they load; jsdom has none.
  vi.stubGlobal("DragEvent", class extends Event {});
  vi.stubGlobal("matchMedia", () => ({ matches: false, addListener: () => undefined }));
  Registry = (await import("@jupyterlab/codemirror")).EditorLanguageRegistry;
  const { default: plugin } = await import("./highlighting.js");
  registry = new Registry();
  const app = { docRegistry: { addFileType: () => undefined } };
  await plugin.activate(app as never, registry, null, null, null);
}, 60_000);

/** What a line of code is drawn as, by the registry. */
async function drawn(languages: IEditorLanguageRegistry, file: string, code: string): Promise<string[]> {
  const element = document.createElement("pre");
  await languages.highlight(code, languages.findByFileName(file), element);
  expect(element.textContent).toBe(code);
  return [...element.querySelectorAll("span")].map((span) => span.textContent!);
}

test("files, cells and fenced code find the languages by name, mime type and alias", () => {
  for (const [file, mime, alias] of [
    ["a.ll", "text/x-llvm", "llvm"],
    ["dir/a.ptx", "text/x-ptx", "ptx"],
    ["a.tir", "text/x-tvmlab-loops", "loops"],
  ] as const) {
    const found = registry.findByFileName(file)!;
    expect(registry.findByMIME(mime)).toBe(found);
    expect(registry.findBest(alias)).toBe(found);
  }
});

test("a view of differences, which makes its own registry of the default languages, has the colours", async () => {
  const own = new Registry();
  for (const language of Registry.getDefaultLanguages()) own.addLanguage(language);
  expect(await drawn(own, "a.ll", "ret float %a ; a sum")).toEqual(["ret", "float", "; a sum"]);
  expect(await drawn(own, "a.tir", "for x in range(8):")).toEqual(["for", "in", "range", "8"]);
  expect(await drawn(own, "a.ptx", "add.f32 %f1, %f2; // a sum")).toEqual(["add", ".f32", "// a sum"]);
});
