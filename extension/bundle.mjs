// Bundles every pane of src/panes into one self-contained ES module (and, where the pane imports
// CSS, one style sheet) in tvmlab/static/, from where anywidget serves it. Nothing is fetched at
// run time, so a notebook works offline.
//
//   node bundle.mjs           bundle once
//   node bundle.mjs --watch   and again whenever a source file changes

import { context, build } from "esbuild";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const panesDir = join(here, "src", "panes");
const staticDir = join(here, "..", "tvmlab", "static");

/** The entry points: the modules directly in src/panes, tests aside. */
function panes() {
  if (!existsSync(panesDir)) return [];
  return readdirSync(panesDir)
    .filter((file) => file.endsWith(".ts") && !/\.(test|d)\.ts$/.test(file))
    .map((file) => join(panesDir, file));
}

/** Removes bundles whose pane is gone, so that a wheel never ships a module without a source. */
function removeStale(entries) {
  const names = new Set(entries.map((entry) => basename(entry, ".ts")));
  for (const file of readdirSync(staticDir)) {
    if (!names.has(basename(file, extname(file)))) {
      rmSync(join(staticDir, file), { recursive: true });
    }
  }
}

const entryPoints = panes();
mkdirSync(staticDir, { recursive: true });
removeStale(entryPoints);

const options = {
  entryPoints,
  outdir: staticDir,
  bundle: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  minify: true,
  // Licence notices of bundled packages must travel with them.
  legalComments: "eof",
  logLevel: "warning",
};

if (process.argv.includes("--watch")) {
  await (await context({ ...options, logLevel: "info" })).watch();
} else {
  await build(options);
  console.log(`bundled ${entryPoints.map((entry) => basename(entry, ".ts")).join(", ") || "nothing"}`);
}
