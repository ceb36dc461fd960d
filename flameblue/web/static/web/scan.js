// Serial numbers noted on a phone: kept in its own storage, sent when there is signal, each once by an id of its own.
const KEPT = "flameblue-scans";
const SENT_SHOWN = 20;
const AGAIN_MS = 30000;
const box = document.getElementById("scan");
const said = document.getElementById("scan-said");
const list = document.getElementById("waiting");
const form = document.getElementById("scan-form");
const { serial, place } = form.elements;
let sending = false;

const read = () => JSON.parse(localStorage.getItem(KEPT) || "[]");
const write = (scans) => localStorage.setItem(KEPT, JSON.stringify(scans));
// crypto.randomUUID is there on HTTPS only, getRandomValues everywhere.
const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");

function show() {
  const scans = read();
  list.replaceChildren(...scans.slice().reverse().map((scan) => {
    const item = document.createElement("li");
    const badge = document.createElement("span");
    badge.className = "badge";
    badge.textContent = scan.sent ? list.dataset.sent : list.dataset.waits;
    item.append(`${scan.serial} `, badge, ` ${scan.place}`);
    return item;
  }));
  return scans.filter((scan) => !scan.sent);
}

function tell(text) { said.textContent = text; }

async function freshToken() {
  const answer = await fetch(location.pathname, { cache: "no-store" });
  if (!answer.ok || answer.redirected) throw new Error("sign-in");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector("#scan [name=csrfmiddlewaretoken]").value;
}

async function send() {
  const waiting = show().slice(0, Number(box.dataset.most));
  if (sending || !waiting.length) return;
  sending = true;
  tell(`${said.dataset.waits} ${waiting.length}`);
  try {
    const answer = await fetch(box.dataset.send, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": await freshToken() },
      body: JSON.stringify(waiting.map(({ id, serial: number, place: where, at }) => ({ id, serial: number, place: where, at }))),
    });
    if (answer.status === 422) {
      tell(`${said.dataset.refused} ${(await answer.json()).trouble}`);
    } else if (answer.ok) {
      const done = new Set(waiting.map((scan) => scan.id));
      const scans = read().map((scan) => ({ ...scan, sent: scan.sent || done.has(scan.id) }));
      const old = scans.filter((scan) => scan.sent).slice(0, -SENT_SHOWN).map((scan) => scan.id);
      write(scans.filter((scan) => !old.includes(scan.id)));
      tell(said.dataset.sent);
    } else {
      tell(said.dataset.signIn);
    }
  } catch (error) {
    tell(error.message === "sign-in" ? said.dataset.signIn : `${said.dataset.waits} ${waiting.length}`);
  } finally {
    sending = false;
    show();
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  write([...read(), { id: newId(), serial: serial.value.trim(), place: place.value.trim(), at: new Date().toISOString(), sent: false }]);
  serial.value = "";
  serial.focus();
  send();
});
addEventListener("online", send);
setInterval(send, AGAIN_MS);

// The camera reads bar codes where the browser can (BarcodeDetector); elsewhere the number is typed.
const button = document.getElementById("camera");
const view = document.getElementById("view");
let stream = null;
function stop() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  view.hidden = true;
}
async function look(detector) {
  while (stream) {
    const [found] = await detector.detect(view).catch(() => []);
    if (found) {
      serial.value = found.rawValue.slice(0, serial.maxLength);
      stop();
      place.focus();
      return;
    }
    await new Promise((resolve) => { setTimeout(resolve, 150); });
  }
}
if ("BarcodeDetector" in window && navigator.mediaDevices) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (stream) { stop(); return; }
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      view.srcObject = stream;
      view.hidden = false;
      await view.play();
      await look(new BarcodeDetector());
    } catch {
      stop();
      serial.focus();
    }
  });
}

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register(box.dataset.worker).then(() => navigator.serviceWorker.ready).then(() => {
    const files = [location.pathname, ...performance.getEntriesByType("resource").map((one) => one.name)];
    navigator.serviceWorker.controller?.postMessage(files);
    navigator.serviceWorker.ready.then((ready) => ready.active.postMessage(files));
    tell(said.dataset.kept);
    send();
  }, () => { tell(said.dataset.plain); send(); });
} else {
  tell(said.dataset.plain);
  send();
}
show();
