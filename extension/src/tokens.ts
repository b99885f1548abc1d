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

/** As `coloured`, with stretches of the text marked. */
export function marked(text: string, tokens: Token[], stretches: readonly (readonly [number, number])[]): DocumentFragment {
  const fragment = document.createDocumentFragment();
  const part = (from: number, to: number) => {
    const inside = tokens.filter(([start, end]) => from <= start && end <= to);
    return coloured(text.slice(from, to), inside.map(([start, end, kind]) => [start - from, end - from, kind]));
  };
  let at = 0;
  for (const [start, end] of stretches) {
    fragment.append(part(at, start), el("mark", {}, part(start, end)));
    at = end;
  }
  fragment.append(part(at, text.length));
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

const PTX: Rule[] = [
  [/\/\/.*/y, "comment"],
  [/"[^"]*"/y, "string"],
  [/[\w$]+(?=:\s*(?:\/\/.*)?$)/y, "function"],
  [/%[\w.$]+/y, "variable"],
  [/\.(?:pred|[bsuf](?:8|16|32|64)|f16x2|bf16(?:x2)?|v[248])\b/y, "dtype"],
  [/\.[a-z_]\w*/y, "keyword"],
  [/0[fF][0-9A-Fa-f]{8}\b|0[dD][0-9A-Fa-f]{16}\b|-?0x[0-9A-Fa-f]+U?\b|-?\b\d[\d.]*\b/y, "number"],
  [/(?:abs|add|and|atom|bar|bra|call|cp|cvta?|div|ex2|exit|fma|ldmatrix|ld|mad|max|membar|min|mma|mov|mul|neg|not|or|prmt|rcp|rem|ret|selp|setp|shfl|shl|shr|sin|sqrt|st|sub|tanh|wmma|xor)\b/y, "keyword"],
  [/[\w$]+/y, ""],
];

const LOOPS: Rule[] = [
  [/#.*/y, "comment"],
  [/"[^"]*"/y, "string"],
  [/for\b/y, "loop"],
  [/(?:def|in|with|if|else|while|and|or|not|pass|let|True|False)\b/y, "keyword"],
  [/(?:range|parallel|vectorized|unroll(?:ed)?|thread|block|select|reduce|init|min|max|sum)(?=\()/y, "function"],
  [/(?:b?float\d+|u?int\d+|bool|handle)\b/y, "dtype"],
  [/\d[\d.]*(?:e[+-]?\d+)?\b/y, "number"],
  [/[A-Za-z_]\w*(?=\[)/y, "buffer"],
  [/\w+/y, ""],
];

const LANGUAGES: Record<string, Rule[]> = { asm: ASM, ptx: PTX, loops: LOOPS };

/** Where the token of `line` that begins at `at` ends, and its kind; empty for plain text. */
export function tokenAt(line: string, at: number, kind: string): [end: number, kind: string] {
  for (const [pattern, tokenKind] of LANGUAGES[kind] ?? LLVM) {
    pattern.lastIndex = at;
    const match = pattern.exec(line);
    if (match && match[0].length > 0) return [at + match[0].length, tokenKind];
  }
  return [at + 1, ""];
}

/** The tokens of one line of code; `kind` is that of the code tab, or `loops`. */
export function lex(line: string, kind: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < line.length; ) {
    const [end, tokenKind] = tokenAt(line, at, kind);
    if (tokenKind) tokens.push([at, end, tokenKind]);
    at = end;
  }
  return tokens;
}
