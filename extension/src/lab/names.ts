// The names under which the extension's commands and texts are known to JupyterLab.

/** The domain of our texts: a language pack translates them in `tvmlab.po`. */
export const DOMAIN = "tvmlab";

/** Of all our commands in the palette and in the list of shortcuts. */
export const NEW_NOTEBOOK = "tvmlab:new-notebook";
