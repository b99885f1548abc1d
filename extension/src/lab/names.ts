// The names under which the extension's commands and texts are known to JupyterLab.

/** The domain of our texts: a language pack translates them in `tvmlab.po`. */
export const DOMAIN = "tvmlab";

/** Of all our commands in the palette and in the list of shortcuts. */
export const NEW_NOTEBOOK = "tvmlab:new-notebook";
export const SHOW_LAB = "tvmlab:show-lab";
export const SHOW_SCHEDULES = "tvmlab:show-schedules";
export const OPEN_COURSE = "tvmlab:open-course";
export const INSERT_LAB = "tvmlab:insert-lab";
export const LOOK_AT = "tvmlab:look-at";
export const SHOW_TUNER = "tvmlab:show-tuner";
