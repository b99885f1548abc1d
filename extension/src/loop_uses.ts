// What of a program a loop reaches: the arguments of blocks that its variable is in, and the elements
// read and written at them. Found in the printed text, so it keeps up with the pointer.

/** [start, end]: a stretch of a line. */
export type Stretch = [start: number, end: number];

/** Lines looked through below a loop: more than a screen holds. */
const MOST_LINES = 400;

const HEADER = /^( *)for (\w+) in /;
const WORD = /[A-Za-z_]\w*/g;
const ELEMENT = /[A-Za-z_]\w*\[/g;

/** By line, what the loop at line `at` reaches; nothing where that line is no loop. */
export function loopUses(lines: readonly { text: string }[], at: number): Map<number, Stretch[]> {
  const found = new Map<number, Stretch[]>();
  const header = HEADER.exec(lines[at]?.text ?? "");
  if (!header) return found;
  const [, indent, loop] = header as unknown as [string, string, string];
  let known = new Set([loop]);
  for (let n = at + 1; n < Math.min(lines.length, at + MOST_LINES); n++) {
    const { text } = lines[n]!;
    if (text.search(/\S/) <= indent.length) break;
    const block = /^ *with block\(/.exec(text);
    if (block) known = new Set([loop]);
    const stretches = block ? boundBy(text, block[0].length, known) : elementsAt(text, known);
    if (stretches.length) found.set(n, stretches);
  }
  return found;
}

/** Puts what another loop reaches to what is reached: of each line the stretches of both, joined where
 * they meet. */
export function addUses(uses: Map<number, Stretch[]>, more: ReadonlyMap<number, Stretch[]>): void {
  for (const [line, stretches] of more) {
    const joined: Stretch[] = [];
    for (const [start, end] of [...(uses.get(line) ?? []), ...stretches].sort(([a], [b]) => a - b)) {
      const last = joined.at(-1);
      if (last && start <= last[1]) last[1] = Math.max(last[1], end);
      else joined.push([start, end]);
    }
    uses.set(line, joined);
  }
}

/** The arguments of a block from `start` that hold a known name; what they bind is known from then on. */
function boundBy(text: string, start: number, known: Set<string>): Stretch[] {
  const found: Stretch[] = [];
  const bound: string[] = [];
  let begin = start;
  while (begin < text.length) {
    const end = endOf(text, begin, ",");
    const [name, value = ""] = splitAt(text.slice(begin, end), "=");
    if (mentions(value, known)) {
      found.push([begin, end]);
      bound.push(name);
    }
    begin = end + 1;
    while (text[begin] === " ") begin++;
  }
  bound.forEach((name) => known.add(name));
  return found;
}

/** The elements of buffers at indices that hold a known name, and such names elsewhere. */
function elementsAt(text: string, known: Set<string>): Stretch[] {
  const found: Stretch[] = [];
  for (const match of text.matchAll(ELEMENT)) {
    const inside = match.index + match[0].length;
    const end = endOf(text, inside, "]") + 1;
    const isInside = (found.at(-1)?.[1] ?? 0) > match.index;
    if (!isInside && mentions(text.slice(inside, end), known)) found.push([match.index, end]);
  }
  for (const match of text.matchAll(WORD)) {
    const stretch: Stretch = [match.index, match.index + match[0].length];
    if (known.has(match[0]) && !found.some(([a, b]) => a <= stretch[0] && stretch[1] <= b)) found.push(stretch);
  }
  return found.sort(([a], [b]) => a - b);
}

/** Where the first `stop` from `at` stands outside of brackets, or the bracket around ends. */
function endOf(text: string, at: number, stop: string): number {
  let depth = 0;
  for (let n = at; n < text.length; n++) {
    const sign = text[n]!;
    if (depth === 0 && (sign === stop || ")]".includes(sign))) return n;
    if ("([".includes(sign)) depth++;
    else if (")]".includes(sign)) depth--;
  }
  return text.length;
}

function splitAt(text: string, sign: string): [string, string?] {
  const at = text.indexOf(sign);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

const mentions = (text: string, names: Set<string>): boolean =>
  (text.match(WORD) ?? []).some((word) => names.has(word));
