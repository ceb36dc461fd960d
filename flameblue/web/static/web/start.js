// Getting started is plain forms; this adds what a script can: copying a line, hiding what a model does not need, and a
// pin on a map whose numbers go into the two fields. The map is fetched when somebody asks for it.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break; // only where the page is trusted: HTTPS, or this machine
  button.hidden = false;
  const label = button.querySelector("span");
  const usual = label.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    label.textContent = button.dataset.done;
    setTimeout(() => { label.textContent = usual; }, 2000);
  });
}

const points = document.querySelector(".start-points");
const model = document.getElementById("device-profile");
if (points && model) {
  const open = new Set(points.dataset.openModels.split(" "));
  const show = () => { points.hidden = !open.has(model.value); };
  model.addEventListener("change", show);
  show();
}

for (const button of document.querySelectorAll("[data-pin]")) {
  const form = button.closest("form");
  const box = form.querySelector(".pin-map");
  const said = form.querySelector(".pin-row [role=status]");
  const [latitude, longitude] = ["latitude", "longitude"].map((name) => form.elements.namedItem(name));
  button.closest("p").hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    box.hidden = false;
    try {
      const { pin } = await import("./pin.js");
      await pin(box.firstElementChild, latitude, longitude);
      said.textContent = said.dataset.how;
    } catch {
      box.hidden = true;
      said.textContent = said.dataset.none;
    }
  });
}
