// What the extension consists of: one plugin a file, and nothing else here.

import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import dockPanel from "./dock_panel.js";
import documents from "./documents.js";
import highlighting from "./highlighting.js";
import kernels from "./kernels.js";
import keptRenderer from "./kept_renderer.js";
import launcher from "./launcher.js";
import schedulesPanel from "./schedules_panel.js";
import settings from "./settings.js";
import status from "./status.js";

const plugins = [settings, documents, launcher, kernels, dockPanel, schedulesPanel, status, keptRenderer, highlighting];

export default plugins as JupyterFrontEndPlugin<unknown>[];
