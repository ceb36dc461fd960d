// A map to choose a place on: a tap puts the pin, the pin can be dragged, and the two fields always say where it is.
import * as maplibre from "../vendor/maplibre/maplibre-gl.mjs";
import { open, token } from "./ground.js";

const DIGITS = 5; // about a metre
const FAR = [87.4, 48.6]; // where nothing is known yet
const STEPS = [[4, 10], [7, 1], [10, 0.1], [99, 0.01]]; // up to a zoom, degrees between two lines

// Without a background nothing would say where one is: lines of the grid, with their degrees.
function grid(map) {
  const step = STEPS.find(([zoom]) => map.getZoom() < zoom)[1];
  const [[west, south], [east, north]] = map.getBounds().toArray();
  const lines = [];
  const add = (coordinates, name) => lines.push({ type: "Feature", properties: { name }, geometry: { type: "LineString", coordinates } });
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  const from = (low) => Math.floor(low / step);
  for (let n = from(west); n * step <= east && lines.length < 100; n += 1) add([[n * step, south], [n * step, north]], `${(n * step).toFixed(digits)}°`);
  for (let n = from(south); n * step <= north && lines.length < 200; n += 1) add([[west, n * step], [east, n * step]], `${(n * step).toFixed(digits)}°`);
  return { type: "FeatureCollection", features: lines };
}

export async function pin(element, latitude, longitude) {
  const said = () => (latitude.value && longitude.value ? [Number(longitude.value), Number(latitude.value)] : null);
  const map = await open(element, { center: said() ?? FAR, zoom: said() ? 12 : 6 });
  const mark = new maplibre.Marker({ draggable: true, color: token("act") });
  const put = (at) => { mark.setLngLat(at).addTo(map); };
  const write = ({ lng, lat }) => {
    latitude.value = lat.toFixed(DIGITS);
    longitude.value = lng.toFixed(DIGITS);
  };
  if (said()) put(said());
  map.on("click", ({ lngLat }) => { put(lngLat); write(lngLat.wrap()); });
  mark.on("drag", () => write(mark.getLngLat().wrap()));
  for (const field of [latitude, longitude]) field.addEventListener("change", () => { if (said()) { put(said()); map.easeTo({ center: said() }); } });
  await map.once("load");
  map.addSource("lines", { type: "geojson", data: element.dataset.lines });
  map.addLayer({ id: "lines", type: "line", source: "lines", paint: { "line-color": token("strong-line"), "line-width": 2.5, "line-dasharray": [0.1, 2.2] } });
  if (element.dataset.kind !== "none") return;
  map.addSource("grid", { type: "geojson", data: grid(map) });
  map.addLayer({ id: "grid", type: "line", source: "grid", paint: { "line-color": token("line"), "line-width": 1 } });
  map.addLayer({
    id: "degrees", type: "symbol", source: "grid", layout: { "symbol-placement": "line", "text-field": ["get", "name"], "text-size": 13, "text-font": ["sans-serif"] },
    paint: { "text-color": token("soft"), "text-halo-color": token("sunk"), "text-halo-width": 2 },
  });
  map.on("moveend", () => map.getSource("grid").setData(grid(map)));
}
