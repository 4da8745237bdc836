// What was typed survives an expired session, in this tab alone and for this person alone: sessionStorage ends with
// the tab and is emptied at log-out. Passwords, files and hidden fields are never kept.

const PREFIX = "draft:";
const SENT = ":sent";
const SKIPPED = ["password", "file", "hidden", "submit", "button"];

export function watchDrafts() {
  for (const form of document.querySelectorAll("form[data-draft]")) {
    const name = PREFIX + form.dataset.draft;
    if (!form.querySelector("[data-first-error]")) restore(form, name); // after an error the server shows what was typed
    form.addEventListener("input", () => sessionStorage.setItem(name, JSON.stringify(values(form))));
    form.addEventListener("change", () => sessionStorage.setItem(name, JSON.stringify(values(form))));
    form.addEventListener("submit", () => sessionStorage.setItem(name + SENT, "1"));
  }
  forgetSent();
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-forgets-drafts]")) keys().forEach((key) => sessionStorage.removeItem(key));
  });
}

// A form that was sent was taken by the server, unless this page says otherwise: it shows errors, says that it took
// nothing, or is a page without the menu (log-in, expired form, fault). Then the draft waits for the form to be opened.
function forgetSent() {
  const taken = !document.querySelector("[data-first-error], [data-not-taken]") && !document.body.matches(".plain");
  for (const mark of keys().filter((key) => key.endsWith(SENT))) {
    if (taken) sessionStorage.removeItem(mark.slice(0, -SENT.length));
    sessionStorage.removeItem(mark);
  }
}

function keys() {
  return Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
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
  if (!said || sessionStorage.getItem(name + SENT) !== null) return;
  const kept = JSON.parse(said);
  const before = JSON.stringify(values(form));
  for (const field of form.elements) {
    if (!(field.name in kept) || SKIPPED.includes(field.type)) continue;
    if (field.type === "checkbox" || field.type === "radio") field.checked = kept[field.name].shift();
    else field.value = kept[field.name];
  }
  if (JSON.stringify(values(form)) !== before) form.querySelector("[data-draft-note]")?.removeAttribute("hidden");
}
