// What lies in the server's folder that tvmlab can open, and the Python that opens it. Mirrors
// tvmlab/server/workspace.py.

import { PathExt, URLExt } from "@jupyterlab/coreutils";
import { ServerConnection } from "@jupyterlab/services";

export interface TraceEntry {
  path: string;
  name: string;
  changed: number;
}

export interface ExerciseEntry {
  name: string;
  title: string;
  kind: string;
  points: number;
  is_passed: boolean;
}

/** A tuning run in a database; times in seconds. */
export interface RunEntry {
  path: string;
  run: number;
  title: string;
  done: number;
  trials: number;
  best_s: number | null;
  is_on: boolean;
  began: number;
}

export interface Workspace {
  traces: TraceEntry[];
  exercises: ExerciseEntry[];
  runs: RunEntry[];
}

/** Asks the server's part of the extension; an Error with words where there is no answer. */
export async function readWorkspace(settings: ServerConnection.ISettings, missing: string): Promise<Workspace> {
  const url = URLExt.join(settings.baseUrl, "tvmlab", "workspace");
  const response = await ServerConnection.makeRequest(url, {}, settings);
  if (response.status === 404) throw new Error(missing);
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new Error((answer as { message?: string } | null)?.message ?? response.statusText);
  return answer as Workspace;
}

/** A string of Python. JSON's escapes mean the same there. */
export const quoted = (text: string): string => JSON.stringify(text);

/** `path` as a notebook in the folder `folder` reaches it. */
export const reached = (path: string, folder: string): string => PathExt.relative(`/${folder}`, `/${path}`);

export const openTrace = ({ path }: TraceEntry, folder: string): string => `t.Lab.open(${quoted(reached(path, folder))})`;

export const openRun = ({ path, run }: RunEntry, folder: string): string =>
  `t.Lab.open(${quoted(reached(path, folder))}, run=${run})`;

export const openExercise = ({ name }: ExerciseEntry): string => `t.Lab.exercise(${quoted(name)})`;

/** `code` as a cell of its own; what a notebook has imported is not imported again. */
export const asCell = (code: string, hasTvmlab: boolean): string => (hasTvmlab ? code : `import tvmlab as t\n\n${code}`);
