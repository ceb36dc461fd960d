// What the board does beside following: keys, taking without leaving it, the whole screen, messages of the browser.
import { report } from "./presence.js";

const live = document.getElementById("live");
const cases = document.getElementById("cases");
const UNDO_MS = 10_000;
let chosen = null; // the id of the row that keys speak of
let undo = null; // {number, until}

const rows = () => [...cases.querySelectorAll(".case")];
const row = () => document.getElementById(chosen) ?? null;

function choose(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((one) => one.id === chosen);
  const next = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + step))];
  chosen = next.id;
  mark();
  next.scrollIntoView({ block: "nearest" });
}

function mark() {
  for (const one of rows()) one.toggleAttribute("data-chosen", one.id === chosen);
}

// The form's own address, so that what works without a script works with one.
async function post(address) {
  const form = document.getElementById("act");
  const answer = await fetch(address, { method: "POST", body: new FormData(form), headers: { "X-Said": "1" } });
  return answer.headers.get("Content-Type")?.startsWith("application/json") ? answer.json() : null;
}

async function take(number) {
  const said = await post(`/cases/${number}/take/`);
  if (!said) return location.reload();
  if (said.done) undo = { number, until: Date.now() + UNDO_MS };
  tell(said.text, said.done ? said.undo : "");
}

async function giveBack() {
  const number = undo.number;
  undo = null;
  const said = await post(`/cases/${number}/give-back/`);
  if (!said) return location.reload();
  tell(said.text, "");
}

function tell(text, label) {
  document.getElementById("toast")?.remove();
  const toast = Object.assign(document.createElement("div"), { id: "toast", role: "status" });
  toast.append(text, " ");
  if (label) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: label });
    button.addEventListener("click", giveBack);
    toast.append(button);
  }
  live.append(toast);
  setTimeout(() => toast.remove(), UNDO_MS);
}

cases.addEventListener("click", (event) => {
  const button = event.target.closest("[data-take]");
  if (!button || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  take(button.closest(".case").id.slice("case-".length));
});

const keys = {
  j: () => choose(1),
  k: () => choose(-1),
  a: () => {
    if (undo && Date.now() < undo.until) giveBack();
    else if (row()?.querySelector("[data-take]")) take(chosen.slice("case-".length));
  },
  Enter: () => {
    const link = row()?.querySelector(".case-name");
    if (link) location.assign(link.href);
  },
  m: () => document.getElementById("sound").click(),
  f: () => wall(),
  "?": () => document.getElementById("help").showModal(),
};
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, dialog[open]");
  const pressed = event.key === "Enter" && event.target.closest("a, button, summary");
  if (typing || pressed || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});

function wall() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen().catch(() => showWall(!document.body.classList.contains("wall")));
}
function showWall(is) {
  document.body.classList.toggle("wall", is);
  dispatchEvent(new Event("resize"));
}
document.addEventListener("fullscreenchange", () => showWall(document.fullscreenElement !== null));
if (location.hash === "#wall") showWall(true);

const told = new Set(rows().map((one) => one.dataset.rings).filter(Boolean));
const notify = document.getElementById("tell");
const canNotify = "Notification" in window && isSecureContext;
function showNotify() {
  notify.hidden = !canNotify || Notification.permission !== "default";
}
notify.addEventListener("click", () => Notification.requestPermission().then(showNotify));
live.addEventListener("htmx:sseMessage", () => {
  mark();
  if (!canNotify || Notification.permission !== "granted") return;
  for (const one of cases.querySelectorAll("[data-rings]")) {
    if (told.has(one.dataset.rings)) continue;
    told.add(one.dataset.rings);
    const title = one.querySelector(".case-name").textContent;
    const body = one.querySelector(".case-sentence").textContent;
    const shown = new Notification(title, { body, tag: one.id, requireInteraction: true });
    shown.onclick = () => { window.focus(); location.assign(one.querySelector(".case-name").href); };
  }
});

// Until the sound is known to work the board is one that nobody hears.
report("blocked");
live.addEventListener("flameblue:sound", (event) => report(event.detail));

for (const id of ["wall", "keys"]) document.getElementById(id).hidden = false;
document.getElementById("wall").addEventListener("click", wall);
document.getElementById("keys").addEventListener("click", keys["?"]);
showNotify();

// The map comes last: what burns is read before where it lies is drawn.
const later = window.requestIdleCallback ?? ((work) => setTimeout(work, 200));
later(() => import("./map.js").then((map) => map.start()).catch((error) => console.warn("No map:", error.message)));
