// A chart that somebody touches: the drawing of the server gives way to one that zooms and asks for finer readings.
// Without this script, or without a network, the drawing stays.
const figure = document.getElementById("chart");
const holder = figure.querySelector(".zoomed");
const said = document.getElementById("chart-said");
const tools = { zoom: document.getElementById("zoom"), whole: document.getElementById("whole"), png: document.getElementById("png") };
const csv = document.getElementById("csv");
const points = figure.dataset.points.split(",");
const whole = { from: Number(figure.dataset.from), to: Number(figure.dataset.to) };
const MARGIN = 0.5; // of the window, asked for on either side, so that a small move needs no question
const SHORTEST_MS = 60_000;
const ASK_AFTER_MS = 180;
const DASHES = ["solid", [8, 4], [2, 3], [10, 3, 2, 3], [5, 5], [1, 4]];
const STROKES = ["--link", "--trace-1", "--trace-2", "--text", "--soft", "--link"];
let chart = null;
let asking = null;
let shown = { ...whole };

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: figure.dataset.zone, dateStyle: "short", timeStyle: "medium" });
const short = (ms, span) => {
  const [day, time] = clock.format(ms).split(" ");
  if (span > 200 * 86_400_000) return day;
  if (span > 10 * 86_400_000) return day.slice(5); // ECharts' marks are midnights of the browser's zone
  if (span > 2 * 86_400_000) return day.slice(5) + (time.startsWith("00:00") ? "" : "\n" + time.slice(0, 5));
  return span > 600_000 ? (time.startsWith("00:00:00") ? day.slice(5) : time.slice(0, 5)) : time;
};

// Readings as pairs, with a hole wherever more time lies between two than the point promises; one alone is a dot.
export function pairs(series, values) {
  const made = [];
  const isFar = (i) => i <= 0 || i >= series.at.length || (series.gap > 0 && series.at[i] - series.at[i - 1] > series.gap);
  series.at.forEach((at, i) => {
    if (i && isFar(i)) made.push([series.at[i - 1] + 1, null]);
    const isAlone = isFar(i) && isFar(i + 1);
    made.push(isAlone ? { value: [at, values[i]], symbol: "circle", symbolSize: 4 } : [at, values[i]]);
  });
  return made;
}

function lines(answer) {
  const made = [];
  const isOne = answer.series.length === 1; // the low edges of several cross one another
  answer.series.forEach((series, n) => {
    const stroke = colour(STROKES[n % STROKES.length]);
    const spread = series.high.map((high, i) => high - series.low[i]);
    const common = { type: "line", symbol: "none", showSymbol: false, animation: false, connectNulls: false, z: 3, silent: true };
    const stack = { stack: `band-${n}`, stackStrategy: "all" };
    made.push({ ...common, ...stack, id: `low-${n}`, data: pairs(series, series.low), lineStyle: { width: isOne ? 0.6 : 0, color: stroke, opacity: 0.6 } });
    made.push({ ...common, ...stack, id: `spread-${n}`, data: pairs(series, spread), lineStyle: { width: 0 }, areaStyle: { color: stroke, opacity: isOne ? 0.18 : 0.1 } });
    made.push({ ...common, id: `high-${n}`, name: series.name, data: pairs(series, series.high), showSymbol: true, showAllSymbol: true, lineStyle: { width: 1.6, color: stroke, type: DASHES[n] }, itemStyle: { color: stroke }, z: 4, silent: false });
  });
  answer.limits.forEach((limit, n) => {
    const stroke = colour(`--${limit.kind}`);
    const end = limit.to >= answer.to - 1 ? { show: true, formatter: limit.label, color: stroke } : { show: false };
    made.push({ id: `limit-${n}`, type: "line", symbol: "none", animation: false, silent: true, data: [[limit.from, limit.value], [limit.to, limit.value]], lineStyle: { type: "dashed", width: 1.5, color: stroke }, endLabel: end, z: 2 });
  });
  const areas = answer.cases.map((one) => [{ xAxis: one.from, name: one.label }, { xAxis: one.to }]);
  made.push({ id: "cases", type: "line", data: [], markArea: { silent: true, animation: false, itemStyle: { color: colour("--line"), opacity: 0.5 }, label: { color: colour("--soft"), position: "insideTop" }, data: areas } });
  return made;
}

function option(answer, window) {
  const soft = colour("--soft"), line = colour("--line"), text = colour("--text");
  const axis = { axisLine: { lineStyle: { color: line } }, axisLabel: { color: soft, hideOverlap: true }, splitLine: { lineStyle: { color: line } } };
  return {
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 8, right: answer.limits.length ? 96 : 16, top: 28, bottom: 8, outerBoundsMode: "same" },
    tooltip: { trigger: "axis", renderMode: "richText", confine: true, backgroundColor: colour("--card"), borderColor: line, textStyle: { color: text }, formatter: (found) => told(found, answer) },
    xAxis: { ...axis, type: "time", min: window.from, max: window.to, splitLine: { show: false }, axisLabel: { ...axis.axisLabel, formatter: (ms) => short(ms, window.to - window.from) } },
    yAxis: { ...axis, type: "value", name: answer.unit, nameTextStyle: { color: soft }, scale: true },
    dataZoom: [{ type: "inside", filterMode: "none", zoomOnMouseWheel: "ctrl", moveOnMouseMove: true, preventDefaultMouseMove: true, minValueSpan: SHORTEST_MS, startValue: window.from, endValue: window.to }],
    series: lines(answer),
  };
}

function told(found, answer) {
  const rows = found.filter((one) => one.seriesId.startsWith("high-") && one.value[1] !== null).map((one) => {
    const series = answer.series[Number(one.seriesId.slice(5))];
    const i = series.at.indexOf(one.value[0]);
    const low = series.low[i], high = series.high[i];
    const amount = low === high ? `${high}` : `${low} – ${high}`;
    return `${series.name}: ${amount} ${answer.unit}`;
  });
  return rows.length ? `${clock.format(found[0].value[0])}\n${rows.join("\n")}` : "";
}

async function ask(from, to) {
  if (asking) asking.abort();
  asking = new AbortController();
  const wanted = new URLSearchParams(points.map((point) => ["point", point]));
  wanted.set("from", Math.max(0, Math.floor(from)));
  wanted.set("to", Math.ceil(to));
  wanted.set("n", Math.min(2000, Math.max(200, Math.round((holder.clientWidth || 800) * (1 + 2 * MARGIN)))));
  const response = await fetch(`${figure.dataset.url}?${wanted}`, { signal: asking.signal, headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}

async function draw(window) {
  const span = window.to - window.from;
  try {
    const answer = await ask(window.from - MARGIN * span, window.to + MARGIN * span);
    said.textContent = answer.trouble || "";
    chart.setOption(option(answer, { from: window.from, to: window.to }), { replaceMerge: ["series"] });
    figure.dataset.drawn = String(Number(figure.dataset.drawn || 0) + 1);
  } catch (error) {
    if (error.name !== "AbortError") said.textContent = figure.dataset.failed;
  }
}

let waiting = 0;
function moved() {
  const { startValue, endValue } = chart.getOption().dataZoom[0];
  if (!(endValue > startValue) || (startValue === shown.from && endValue === shown.to)) return;
  look({ from: startValue, to: endValue }, ASK_AFTER_MS);
}

function look(window, after_ms) {
  show(window);
  clearTimeout(waiting);
  waiting = setTimeout(() => draw(window), after_ms);
}

function show(window) {
  shown = window;
  csv.href = csv.dataset.base + "?" + new URLSearchParams([...points.map((point) => ["point", point]), ["from", Math.floor(window.from)], ["to", Math.ceil(window.to)]]);
}

async function start(window) {
  if (chart) return;
  chart = "loading";
  const { echarts } = await import(figure.dataset.charts).catch(() => ({}));
  if (!echarts) {
    chart = null;
    said.textContent = figure.dataset.failed;
    return;
  }
  holder.hidden = false;
  chart = echarts.init(holder);
  show(window);
  await draw(window);
  if (!figure.dataset.drawn) {
    chart.dispose();
    chart = null;
    show({ ...whole });
    holder.hidden = true;
    return;
  }
  figure.querySelector(".drawn").hidden = true;
  chart.on("datazoom", moved);
  new ResizeObserver(() => chart.resize()).observe(holder);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw(shown));
  tools.png.hidden = tools.whole.hidden = false;
}

tools.zoom.hidden = false;
tools.zoom.addEventListener("click", () => {
  const span = Math.max(SHORTEST_MS, (shown.to - shown.from) / 4);
  const middle = (shown.from + shown.to) / 2;
  const narrower = { from: middle - span / 2, to: middle + span / 2 };
  if (chart === null) start(narrower);
  else if (chart !== "loading") look(narrower, 0);
});
tools.whole.addEventListener("click", () => look({ ...whole }, 0));
tools.png.addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = chart.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: colour("--card") });
  link.download = `${figure.dataset.name} ${clock.format(shown.from).replaceAll(":", "")}.png`;
  link.click();
});
figure.querySelector(".drawn").addEventListener("pointerdown", () => start(whole));
