// What the extension consists of: one plugin a file, and nothing else here.

import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import dockPanel from "./dock_panel.js";
import kernels from "./kernels.js";
import launcher from "./launcher.js";

const plugins: JupyterFrontEndPlugin<unknown>[] = [launcher, kernels, dockPanel] as JupyterFrontEndPlugin<unknown>[];

export default plugins;
