// The user's settings, read once and kept up to date; every other plugin asks here.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { Token } from "@lumino/coreutils";
import { Signal } from "@lumino/signaling";
import "./settings.css";

/** Mirrors `schema/settings.json`, which says what each means; a test compares them. */
export interface Settings {
  target: string;
  trials: number;
  protocol: string;
  compileLimit: number;
  colours: string;
  notify: boolean;
  connect: boolean;
}

export const DEFAULTS: Settings = {
  target: "cpu",
  trials: 64,
  protocol: "quick",
  compileLimit: 60,
  colours: "blue and orange",
  notify: true,
  connect: true,
};

export interface ISettings {
  readonly now: Settings;
  readonly changed: Signal<ISettings, void>;
}

export const ISettings = new Token<ISettings>("tvmlab:ISettings", "The settings of the tvmlab extension.");

class Current implements ISettings {
  readonly changed: Signal<ISettings, void> = new Signal<ISettings, void>(this);
  now = DEFAULTS;

  take(composite: object): void {
    this.now = { ...DEFAULTS, ...composite };
    document.body.dataset["tvColours"] = this.now.colours;
    this.changed.emit();
  }
}

const plugin: JupyterFrontEndPlugin<ISettings> = {
  id: "tvmlab:settings",
  description: "The settings of the tvmlab extension.",
  autoStart: true,
  optional: [ISettingRegistry],
  provides: ISettings,
  activate(_: JupyterFrontEnd, registry: ISettingRegistry | null): ISettings {
    const current = new Current();
    // JupyterLab waits for activation before it restores notebooks, so this does not hold it up.
    void registry?.load(plugin.id).then((settings) => {
      current.take(settings.composite);
      settings.changed.connect(() => current.take(settings.composite));
    });
    return current;
  },
};

export default plugin;
