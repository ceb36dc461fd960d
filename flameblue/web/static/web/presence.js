// The board's beat: tells the server how this tab's sound is, so that a silent board never stands between an alarm
// and a phone. `report(state)`: "sounding", "muted" (somebody wished it) or "blocked" (it can't be heard, for any
// other reason); it may be called as often as one likes.
//
// Every 15 s, as domain/limits.py: of four beats a minute three may be lost. A tab that can't be heard beats once a
// minute: its silence says as much, and hundreds of muted readers cost the server little. A hidden tab's timers run once a minute at
// most, a worker's go on; it only gives the time, and the page sends: a page that hangs beats no more. Where there is
// no worker a hidden tab beats once a minute, and its desk counts as silent for some seconds of each: too early to
// the phone, never too late. A tab that the browser freezes beats no more, and is heard no more either.
const BEAT_MS = 15_000;
const tick = "tick";

if (typeof document === "undefined") setInterval(() => postMessage(tick), BEAT_MS); // this file is its own worker

const name = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
let said = null;
let ticks = 0;

export function report(state) {
  if (said === null) begin();
  if (state === said) return;
  said = state;
  send();
}

function message(state) {
  const form = new FormData(document.getElementById("act"));
  form.set("tab", name);
  form.set("state", state);
  return form;
}

const address = () => document.getElementById("live").dataset.presence;

// A beat that does not arrive is followed by the next one.
function send() {
  fetch(address(), { method: "POST", body: message(said) }).catch(() => {});
}

function beat() {
  ticks += 1;
  if (said === "sounding" || ticks % 4 === 0) send();
}

function begin() {
  try {
    const worker = new Worker(import.meta.url, { type: "module" });
    worker.onmessage = beat;
    worker.onerror = onTimer;
  } catch {
    onTimer();
  }
  addEventListener("pagehide", () => navigator.sendBeacon(address(), message("closed")));
  addEventListener("pageshow", (event) => { if (event.persisted) send(); }); // back out of the browser's memory
}

function onTimer() {
  setInterval(beat, BEAT_MS);
}
