// States that come as what changed: fields, and of long lists the places where they differ. Mirrors
// tvmlab/view/told.py.

/** What makes a state of the one before. */
export interface Message<State> {
  /** The number of the state. */
  seq: number;
  /** The number of the state it goes on from; null where it needs none. */
  base: number | null;
  fields: Partial<State>;
  /** By list: at which position of the list before how many entries go, and what comes there. */
  splices: Record<string, Splice[]>;
}

export type Splice = [at: number, removed: number, entries: unknown[]];

/** A state, and its number. */
export interface Known<State> {
  seq: number;
  state: State;
}

/** A message that needs no other state. */
export function whole<State>({ seq, state }: Known<State>): Message<State> {
  return { seq, base: null, fields: state, splices: {} };
}

/** The state after `message`; null where it goes on from another one than `known`. */
export function after<State extends object>(known: Known<State> | null, message: Message<State>): Known<State> | null {
  const { seq, base, fields, splices } = message;
  if (base === null) return { seq, state: fields as State };
  if (known?.seq !== base) return null;
  const state = { ...known.state, ...fields } as Record<string, unknown>;
  for (const [name, places] of Object.entries(splices)) state[name] = spliced(state[name] as unknown[], places);
  return { seq, state: state as State };
}

/** A list with entries exchanged; the others are the very same objects. */
export function spliced(entries: readonly unknown[], places: readonly Splice[]): unknown[] {
  const found: unknown[] = [];
  let end = 0;
  const keep = (upTo: number) => {
    for (; end < upTo; end++) found.push(entries[end]);
  };
  for (const [at, removed, come] of places) {
    keep(at);
    end += removed;
    for (const entry of come) found.push(entry);
  }
  keep(entries.length);
  return found;
}
