// What the extension consists of: one plugin a file, and nothing else here.

import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import launcher from "./launcher.js";

const plugins: JupyterFrontEndPlugin<unknown>[] = [launcher];

export default plugins;
