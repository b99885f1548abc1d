// What the server part of tvmlab is asked: GET requests as JupyterLab makes them, with its token and
// below its base URL.

import { URLExt } from "@jupyterlab/coreutils";
import { ServerConnection } from "@jupyterlab/services";

export type Query = Record<string, string | number>;

/** Asks for `what` (see tvmlab/server/handlers.py) of a file; an Error's message is one sentence. */
export type Ask = <T>(what: "records" | "trial" | "explanation" | "trace", query: Query) => Promise<T>;

/** Asks about the file that `path` names at the time. */
export function asking(settings: ServerConnection.ISettings, path: () => string): Ask {
  return async <T>(what: string, query: Query): Promise<T> => {
    const given = Object.entries({ path: path(), ...query }).map(([name, value]) => [name, String(value)]);
    const url = URLExt.join(settings.baseUrl, "tvmlab", what) + URLExt.objectToQueryString(Object.fromEntries(given));
    const answer = await ServerConnection.makeRequest(url, { method: "GET" }, settings);
    const text = await answer.text();
    if (answer.ok) return JSON.parse(text) as T;
    throw new Error(said(text) ?? (answer.status === 404 ? MISSING : `The server answered ${answer.status}.`));
  };
}

const MISSING = "The server part of tvmlab is not enabled; type `jupyter server extension enable tvmlab.server` and restart the server.";

/** The sentence in an answer that refuses; null where there is none. */
function said(text: string): string | null {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === "string" && message.includes(" ") ? message : null;
  } catch {
    return null;
  }
}
