// Coloured text: spans from tokens, and small lexers for the code the targets print.

import type { Token } from "./schema.js";
import { el } from "./dom.js";

/** `text` with its tokens as spans of class `tv-t-<kind>`; gaps and overlaps are left plain. */
export function coloured(text: string, tokens: Token[]): DocumentFragment {
  const fragment = document.createDocumentFragment();
  let at = 0;
  for (const [start, end, kind] of tokens) {
    if (start < at || end > text.length) continue;
    if (start > at) fragment.append(text.slice(at, start));
    fragment.append(el("span", { class: `tv-t-${kind}` }, text.slice(start, end)));
    at = end;
  }
  if (at < text.length) fragment.append(text.slice(at));
  return fragment;
}

type Rule = [pattern: RegExp, kind: string];

const LLVM: Rule[] = [
  [/;.*/y, "comment"],
  [/"[^"]*"/y, "string"],
  [/[%@][\w.$-]+/y, "variable"],
  [/<\d+ x \w+>|\b(?:i\d+|float|double|half|ptr|void|label|metadata)\b/y, "dtype"],
  [/[#!][\w.]+/y, "comment"],
  [
    /\b(?:define|declare|attributes|target|source_filename|private|internal|noalias|br|ret|phi|load|store|getelementptr|inbounds|fadd|fmul|fsub|fdiv|add|mul|sub|and|or|xor|shl|icmp|fcmp|select|call|tail|sext|zext|trunc|alloca|shufflevector|insertelement|extractelement|align|nsw|nuw|fast|contract|reassoc|to|switch|unreachable)\b/y,
    "keyword",
  ],
  [/-?\b0x[0-9A-Fa-f]+\b|-?\b\d[\d.]*(?:e[+-]?\d+)?\b/y, "number"],
  [/[\w.$]+/y, ""],
];

const ASM: Rule[] = [
  [/#.*/y, "comment"],
  [/"[^"]*"/y, "string"],
  [/^[.\w$]+:/y, "function"],
  [/%\w+/y, "variable"],
  [/\.[A-Za-z_]\w*/y, "comment"],
  [/\$?-?\b0x[0-9A-Fa-f]+\b|\$?-?\b\d+\b/y, "number"],
  [/\b[vk][a-z]\w*|\b[a-z]\w{1,}\b/y, "keyword"],
  [/[\w.$]+/y, ""],
];

/** The tokens of one line of generated code; `kind` is that of the code tab. */
export function lex(line: string, kind: string): Token[] {
  const rules = kind === "asm" ? ASM : LLVM;
  const tokens: Token[] = [];
  let at = 0;
  while (at < line.length) {
    const start = at;
    for (const [pattern, tokenKind] of rules) {
      pattern.lastIndex = at;
      const match = pattern.exec(line);
      if (!match || match[0].length === 0) continue;
      at += match[0].length;
      if (tokenKind) tokens.push([start, at, tokenKind]);
      break;
    }
    if (at === start) at++;
  }
  return tokens;
}
