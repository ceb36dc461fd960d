// Puts what the pages need of node_modules into the folder that is named: one command, no addresses of others.
import { build } from "esbuild";
import { cp, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

const here = import.meta.dirname;
const target = process.argv[2];
const modules = join(here, "..", "node_modules");
const copied = {
  "htmx.min.js": "htmx.org/dist/htmx.min.js",
  "idiomorph-ext.min.js": "idiomorph/dist/idiomorph-ext.min.js",
  "sse.min.js": "htmx-ext-sse/dist/sse.min.js",
  "maplibre/maplibre-gl.mjs": "maplibre-gl/dist/maplibre-gl.mjs",
  "maplibre/maplibre-gl-worker.mjs": "maplibre-gl/dist/maplibre-gl-worker.mjs",
  "maplibre/maplibre-gl.css": "maplibre-gl/dist/maplibre-gl.css",
};
const bundled = { charts: join(here, "charts.mjs"), pmtiles: join(modules, "pmtiles/dist/esm/index.js") };

await rm(target, { recursive: true, force: true });
await mkdir(join(target, "icons"), { recursive: true });
for (const [name, source] of Object.entries(copied)) await cp(join(modules, source), join(target, name));
for (const icon of (await readFile(join(here, "icons.txt"), "utf8")).split("\n").filter(Boolean))
  await cp(join(modules, "lucide-static/icons", `${icon}.svg`), join(target, "icons", `${icon}.svg`));
await build({
  entryPoints: bundled,
  outdir: target,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  minify: true,
  format: "esm",
  legalComments: "inline",
  logLevel: "warning",
});
