// Our lexers as languages of CodeMirror.

import { LanguageSupport, StreamLanguage } from "@codemirror/language";
import { tokenAt } from "../tokens.js";

/** CodeMirror's names for the kinds of our lexers. */
const TAGS: Record<string, string> = {
  keyword: "keyword",
  loop: "keyword",
  comment: "comment",
  string: "string",
  number: "number",
  dtype: "builtin",
  function: "def",
  block: "def",
  variable: "variableName",
  buffer: "variableName",
};

/** CodeMirror's language of one of our lexers; its state is nothing, for no token spans lines. */
export function languageOf(kind: string): LanguageSupport {
  return new LanguageSupport(
    StreamLanguage.define<null>({
      name: kind,
      startState: () => null,
      token(stream) {
        if (stream.eatSpace()) return null;
        if (stream.match(/^%%.*/)) return "meta"; // of a notebook's cell
        const [end, token] = tokenAt(stream.string, stream.pos, kind);
        stream.pos = end;
        return TAGS[token] ?? null;
      },
      languageData: { commentTokens: { line: { llvm: ";", ptx: "//" }[kind] ?? "#" } },
    }),
  );
}
