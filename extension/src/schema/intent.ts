// What a pane asks for.

/** What a pane asks for. Everything else in the message is the intent's argument. */
export interface Intent {
  intent: string;
  [argument: string]: unknown;
}
