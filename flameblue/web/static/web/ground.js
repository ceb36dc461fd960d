// What every map stands on: the background that the settings name, or none, in the colours of the page.
import * as maplibre from "../vendor/maplibre/maplibre-gl.mjs";

const css = new URL("../vendor/maplibre/maplibre-gl.css", import.meta.url).href;
document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: css }));
maplibre.setWorkerUrl(new URL("../vendor/maplibre/maplibre-gl-worker.mjs", import.meta.url).href);

export const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

async function style(element) {
  const layers = [{ id: "ground", type: "background", paint: { "background-color": token("sunk") } }];
  const sources = {};
  const { kind, tiles, attribution } = element.dataset;
  if (kind === "pmtiles") {
    const { Protocol } = await import("../vendor/pmtiles.mjs");
    maplibre.addProtocol("pmtiles", new Protocol().tile);
    sources.tiles = { type: "vector", url: `pmtiles://${new URL(tiles, location.href).href}`, attribution };
  } else if (kind === "raster") sources.tiles = { type: "raster", tiles: [tiles], tileSize: 256, attribution };
  else if (kind === "vector") sources.tiles = { type: "vector", tiles: [tiles], attribution };
  if (kind === "raster") layers.push({ id: "tiles", type: "raster", source: "tiles" });
  else if (kind !== "none") layers.push(...vectorLayers());
  return { version: 8, sources, layers };
}

// The layers that OpenMapTiles and Protomaps both have, drawn as quietly as may be.
function vectorLayers() {
  const line = (id, layer, width) => ({
    id, type: "line", source: "tiles", "source-layer": layer, paint: { "line-color": token("line"), "line-width": width },
  });
  return [
    { id: "water", type: "fill", source: "tiles", "source-layer": "water", paint: { "fill-color": token("line") } },
    line("roads", "roads", 1), line("transportation", "transportation", 1), line("boundaries", "boundaries", 0.5),
  ];
}

// A map in `element`, flat and with the usual controls; `view` says what it looks at.
export async function open(element, view) {
  const map = new maplibre.Map({
    container: element, style: await style(element), ...view,
    attributionControl: element.dataset.attribution ? { compact: true } : false, dragRotate: false, pitchWithRotate: false,
    fadeDuration: 0, localIdeographFontFamily: "sans-serif",
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibre.ScaleControl({ unit: "metric" }), "bottom-left");
  return map;
}
