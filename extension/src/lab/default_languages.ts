// Languages for views of differences. Those of nbdime, and so of jupyterlab-git, ask no registry of the
// application: each makes one of its own from the languages that JupyterLab has by default.

/** What has a list of default languages: JupyterLab's EditorLanguageRegistry. */
export interface Defaults<Language> {
  getDefaultLanguages(...options: never[]): ReadonlyArray<Language>;
}

/** Lets `added` be among the default languages from now on; what is there by name stays as it is. */
export function addDefaults<Language extends { name: string }>(registry: Defaults<Language>, added: readonly Language[]): void {
  const before = registry.getDefaultLanguages.bind(registry);
  registry.getDefaultLanguages = (...options: never[]) => {
    const languages = before(...options);
    const names = new Set(languages.map(({ name }) => name));
    return [...languages, ...added.filter(({ name }) => !names.has(name))];
  };
}
