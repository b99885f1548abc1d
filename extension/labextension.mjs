// Bundles src/lab into the prebuilt JupyterLab extension, tvmlab/labextension. esbuild makes plain
// modules of the TypeScript and its style sheets; Jupyter's builder wraps them so that everything
// JupyterLab has itself is taken from there. Nothing is fetched when it is built or run.

import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "build", "lab");
const made = join(here, "..", "tvmlab", "labextension");

// The version is stated in tvmlab/version.py alone.
const version = /__version__ = "(.+)"/.exec(readFileSync(join(here, "..", "tvmlab", "version.py"), "utf8"))[1];

rmSync(modules, { recursive: true, force: true });
await build({
  entryPoints: [join(here, "src", "lab", "index.ts")],
  outdir: modules,
  bundle: true,
  // What is imported lazily stays a file of its own, fetched when it is first needed.
  splitting: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  packages: "external",
  define: { TVMLAB_VERSION: JSON.stringify(version) },
  logLevel: "warning",
});

const find = createRequire(import.meta.url);
const builder = find.resolve("@jupyter/builder/lib/build-labextension.js");
const meta = find.resolve("@jupyterlab/core-meta/core.package.json");
try {
  execFileSync(process.execPath, [builder, "--core-package-file", meta, here], {
    cwd: here,
    stdio: "pipe",
  });
} catch (error) {
  console.error(String(error.stdout), String(error.stderr));
  process.exit(1);
}

const described = join(made, "package.json");
const description = JSON.parse(readFileSync(described, "utf8"));
writeFileSync(described, `${JSON.stringify({ ...description, version }, null, 2)}\n`);
const scripts = readdirSync(join(made, "static")).filter((name) => name.endsWith(".js"));
const bytes = scripts.reduce((sum, name) => sum + gzipSync(readFileSync(join(made, "static", name))).length, 0);
console.log(`built tvmlab/labextension: ${Math.round(bytes / 1000)} kB compressed (1,500 are the most)`);
