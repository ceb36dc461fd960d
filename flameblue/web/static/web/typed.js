// What somebody is typing into a case's forms outlives the page's own changes: each field is filled in again after
// one, by its id, or by its name where the step has changed and the same question stands in the next form.
const actions = document.getElementById("actions");
const byId = new Map();
const byName = new Map();
const ASKED_AGAIN = ["cause", "action"];
const opened = new Set();

function keep(event) {
  const field = event.target;
  if (!field.name || field.type === "hidden") return;
  const value = field.type === "checkbox" ? field.checked : field.value;
  byId.set(field.id || field.name, value);
  if (ASKED_AGAIN.includes(field.name)) byName.set(field.name, value);
}

function fill() {
  for (const field of actions.querySelectorAll("input, select, textarea")) {
    const id = field.id || field.name;
    const value = byId.has(id) ? byId.get(id) : byName.get(field.name);
    if (value === undefined || field.type === "hidden") continue;
    if (field.type === "checkbox") field.checked = value;
    else if (field.value !== value) field.value = value;
  }
  for (const details of actions.querySelectorAll("details")) if (opened.has(details.id)) details.open = true;
}

if (actions) {
  actions.addEventListener("input", keep);
  actions.addEventListener("change", keep);
  actions.addEventListener("htmx:sseBeforeMessage", () => {
    opened.clear();
    for (const details of actions.querySelectorAll("details[open]")) opened.add(details.id);
  });
  actions.addEventListener("htmx:sseMessage", fill);
}
