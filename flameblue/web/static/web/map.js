// The map: premises by level, clustered by MapLibre, or counted by the server where they are many. It is loaded when
// the board stands; where it can't be (no WebGL), the drawing that the server has sent stays.
import * as maplibre from "../vendor/maplibre/maplibre-gl.mjs";
import { open as openMap, token } from "./ground.js";

const element = document.getElementById("map");
const RANK = { bare: 0, normal: 1, unjudged: 2, fault: 3, warning: 4, alarm: 5 };
const WORDS = Object.keys(RANK);
const QUIET_MS = 60_000; // after somebody has moved the map it is theirs for so long
const PARTS_MS = 100;
const SIZE = 40; // of a mark, in pixels of the device / 2
const LARGER = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16; // on a wall all text is larger

function mark(level) {
  const canvas = Object.assign(document.createElement("canvas"), { width: SIZE, height: SIZE });
  const draw = canvas.getContext("2d");
  const middle = SIZE / 2;
  const corners = { alarm: 8, warning: 3, fault: 4 }[level];
  draw.lineWidth = 4;
  draw.strokeStyle = token("card");
  draw.fillStyle = token({ bare: "card", unjudged: "normal" }[level] ?? level);
  draw.beginPath();
  if (corners) {
    const turn = corners === 8 ? Math.PI / 8 : -Math.PI / 2;
    for (let n = 0; n < corners; n += 1) {
      const angle = turn + (n * 2 * Math.PI) / corners;
      draw.lineTo(middle + (middle - 3) * Math.cos(angle), middle + (middle - 3) * Math.sin(angle) + (corners === 3 ? 3 : 0));
    }
    draw.closePath();
  } else if (level === "unjudged") {
    for (const [x, y] of [[-8, -11], [8, -11], [2, 0], [8, 11], [-8, 11], [-2, 0]]) draw.lineTo(middle + x, middle + y);
    draw.closePath();
  } else draw.arc(middle, middle, level === "bare" ? 8 : 9, 0, 2 * Math.PI);
  draw.stroke();
  draw.fill();
  if (level === "bare") {
    draw.lineWidth = 2;
    draw.strokeStyle = token("normal");
    draw.setLineDash([3, 3]);
    draw.stroke();
  }
  return draw.getImageData(0, 0, SIZE, SIZE);
}

const feature = (x, y, properties) => ({ type: "Feature", geometry: { type: "Point", coordinates: [x, y] }, properties });

function collection(data) {
  const features = data.places.map(([id, name, x, y, level, number]) =>
    feature(x, y, { id, name, level, number, rank: RANK[level], count: 1 }));
  for (const [site, name, x, y, level, number, count] of data.villages) features.push(feature(x, y, { site, name, level, number, rank: RANK[level], count }));
  for (const [x, y, count] of data.cells) features.push(feature(x, y, { level: "normal", rank: 0, count, cell: true }));
  return { type: "FeatureCollection", features };
}

const worst = ["match", ["get", "rank"], ...WORDS.flatMap((word) => [RANK[word], word]), "normal"];
const large = (pairs) => pairs.map((value, index) => (index % 2 ? value * LARGER : value));
const one = ["interpolate", ["linear"], ["get", "rank"], ...large([0, 0.5, 2, 0.5, 3, 0.6, 5, 0.8])];
const sized = ["case", ["any", ["has", "point_count"], ["has", "cell"], ["has", "site"]], ["interpolate", ["linear"], ["get", "count"], ...large([1, 0.8, 50, 1.1, 1000, 1.5])], one];

function addLayers(map, data, lines) {
  for (const word of WORDS) map.addImage(word, mark(word), { pixelRatio: 1 });
  map.addSource("lines", { type: "geojson", data: lines });
  map.addLayer({
    id: "lines", type: "line", source: "lines", layout: { "line-cap": "round" },
    paint: { "line-color": token("strong-line"), "line-width": 2.5 * LARGER, "line-dasharray": [0.1, 2.2] },
  });
  map.addSource("places", {
    type: "geojson", data, cluster: true, clusterRadius: 44 * LARGER, clusterMaxZoom: 14,
    clusterProperties: { rank: ["max", ["get", "rank"]], count: ["+", ["get", "count"]] },
  });
  map.addLayer({
    id: "places", type: "symbol", source: "places",
    layout: {
      "icon-image": worst, "icon-size": sized, "icon-allow-overlap": true,
      "symbol-sort-key": ["get", "rank"],
      "text-field": ["case", ["any", ["has", "point_count"], ["has", "cell"]], ["to-string", ["get", "count"]], ["has", "site"], ["to-string", ["get", "count"]], [">=", ["get", "rank"], RANK.fault], ["get", "name"], ""],
      "text-size": 15 * LARGER, "text-offset": [0, 1.15], "text-anchor": "top", "text-optional": true, "text-allow-overlap": false,
      "text-font": ["sans-serif"],
    },
    paint: { "text-color": token("text"), "text-halo-color": token("card"), "text-halo-width": 2 },
  });
}

function label(map, [name, x, y], kind) {
  const text = Object.assign(document.createElement("div"), { className: kind, textContent: name });
  new maplibre.Marker({ element: text, anchor: "bottom", offset: [0, (kind === "map-site" ? -22 : 30) * LARGER] }).setLngLat([x, y]).addTo(map);
}

function open(map, { geometry, properties }) {
  const { words } = open;
  const box = document.createElement("div");
  const title = Object.assign(document.createElement("strong"), { textContent: properties.name });
  const level = Object.assign(document.createElement("div"), { textContent: words[properties.level], className: `level-${properties.level}` });
  const link = (href, text) => Object.assign(document.createElement("a"), { href, textContent: text });
  const links = document.createElement("div");
  if (properties.number) links.append(link(`/cases/${properties.number}/`, `${words.case} ${properties.number}`), " · ");
  links.append(properties.site ? link(`/fleet/premises/?site=${properties.site}&placed=no`, words.premises) : link(`/premises/${properties.id}/`, words.premises));
  box.append(title, level, links);
  if (properties.site) title.after(Object.assign(document.createElement("div"), { textContent: `${words.unplaced}: ${properties.count}` }));
  new maplibre.Popup({ offset: 14, maxWidth: "18rem" }).setLngLat(geometry.coordinates).setDOMContent(box).addTo(map);
}

// Without lines there is still a map.
async function roads() {
  const answer = await fetch(element.dataset.lines);
  const lines = answer.ok ? await answer.json() : {};
  return { type: "FeatureCollection", features: (lines.features ?? []).filter((one) => one?.geometry) };
}

// The bends of the roads between the places are seen whole; what leads out of the valley is not followed.
function near(bounds, { features }) {
  const [[west, south], [east, north]] = bounds.toArray();
  const [wide, high] = [(east - west) / 3, (north - south) / 3];
  return features.filter(({ geometry }) => geometry.type === "LineString").flatMap(({ geometry }) => geometry.coordinates)
    .filter(([x, y]) => x > west - wide && x < east + wide && y > south - high && y < north + high);
}

export async function start() {
  let tag = "";
  let many = false;
  const ask = async (map) => {
    const box = map && many ? `?box=${map.getBounds().toArray().flat().map((one) => one.toFixed(4)).join(",")}` : "";
    const answer = await fetch(element.dataset.places + box, { headers: tag ? { "If-None-Match": tag } : {} });
    if (answer.status !== 200) return null;
    tag = answer.headers.get("ETag") ?? "";
    const data = await answer.json();
    many = data.cells.length > 0 || many;
    return data;
  };
  const [first, lines] = await Promise.all([ask(null), roads()]);
  if (!first || !(first.sites.length + first.places.length)) return;
  open.words = element.dataset;
  const bounds = new maplibre.LngLatBounds();
  for (const [, x, y] of [...first.sites, ...first.stations]) bounds.extend([x, y]);
  for (const [, , x, y] of first.places) bounds.extend([x, y]);
  near(bounds, lines).forEach((at) => bounds.extend(at));
  element.hidden = false;
  const map = await openMap(element, { bounds, fitBoundsOptions: { padding: 50 * LARGER, maxZoom: 14 } });
  await map.once("load");
  addLayers(map, collection(first), lines);
  first.sites.forEach((site) => label(map, site, "map-site"));
  document.getElementById("map-pane").classList.add("is-mapped");
  let touched = 0;
  for (const event of ["mousedown", "touchstart", "wheel", "keydown"]) element.addEventListener(event, () => { touched = Date.now(); }, { passive: true });
  map.on("click", "places", (event) => {
    const [found] = event.features;
    if (found.properties.cluster || found.properties.cell) map.easeTo({ center: found.geometry.coordinates, zoom: map.getZoom() + 2 });
    else open(map, found);
  });
  for (const [event, cursor] of [["mouseenter", "pointer"], ["mouseleave", ""]]) map.on(event, "places", () => { map.getCanvas().style.cursor = cursor; });
  const alarmed = (data) => [...data.places, ...data.villages.map(([id, ...rest]) => [`site ${id}`, ...rest])].filter((one) => one[4] === "alarm");
  let alarms = new Set(alarmed(first).map(([id]) => id));
  let waits = 0;
  const renew = async () => {
    const data = await ask(map);
    if (!data) return;
    map.getSource("places").setData(collection(data));
    const now = alarmed(data);
    const fresh = now.find(([id]) => !alarms.has(id));
    alarms = new Set(now.map(([id]) => id));
    if (fresh && Date.now() - touched > QUIET_MS && !map.getBounds().contains([fresh[2], fresh[3]])) map.panTo([fresh[2], fresh[3]]);
  };
  document.getElementById("live").addEventListener("htmx:sseMessage", (event) => {
    if (event.detail.type === "beat") return;
    clearTimeout(waits); // the parts of one event come together
    waits = setTimeout(renew, PARTS_MS);
  });
  map.on("moveend", () => { if (many) renew(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => location.reload());
}
