// What was typed survives an expired session, in this tab alone and for this person alone: sessionStorage ends with
// the tab and is emptied at log-out. Passwords, files and hidden fields are never kept.

const PREFIX = "draft:";
const SKIPPED = ["password", "file", "hidden", "submit", "button"];

export function watchDrafts() {
  for (const form of document.querySelectorAll("form[data-draft]")) {
    const name = PREFIX + form.dataset.draft;
    if (!form.querySelector("[data-first-error]")) restore(form, name); // after an error the server shows what was typed
    form.addEventListener("input", () => sessionStorage.setItem(name, JSON.stringify(values(form))));
    form.addEventListener("change", () => sessionStorage.setItem(name, JSON.stringify(values(form))));
    form.addEventListener("submit", () => sessionStorage.setItem(`${name}:sent`, "1"));
  }
  forgetSent();
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-forgets-drafts]")) forget(() => true);
  });
}

// A form that was sent and is not on the page any more, or stands there without an error, was taken by the server.
function forgetSent() {
  if (document.querySelector("[data-first-error]") || document.body.matches(".plain")) return;
  forget((name) => sessionStorage.getItem(`${name}:sent`) !== null);
}

function forget(which) {
  const names = Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX) && !name.endsWith(":sent"));
  for (const name of names.filter(which)) {
    sessionStorage.removeItem(name);
    sessionStorage.removeItem(`${name}:sent`);
  }
}

function values(form) {
  const kept = {};
  for (const field of form.elements) {
    if (!field.name || SKIPPED.includes(field.type)) continue;
    const ticked = field.type === "checkbox" || field.type === "radio";
    if (ticked) (kept[field.name] ??= []).push(field.checked);
    else kept[field.name] = field.value;
  }
  return kept;
}

function restore(form, name) {
  const said = sessionStorage.getItem(name);
  if (!said || sessionStorage.getItem(`${name}:sent`) !== null) return;
  const kept = JSON.parse(said);
  const before = JSON.stringify(values(form));
  for (const field of form.elements) {
    if (!(field.name in kept) || SKIPPED.includes(field.type)) continue;
    if (field.type === "checkbox" || field.type === "radio") field.checked = kept[field.name].shift();
    else field.value = kept[field.name];
  }
  if (JSON.stringify(values(form)) !== before) form.querySelector("[data-draft-note]")?.removeAttribute("hidden");
}
