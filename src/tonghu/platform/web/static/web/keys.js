// The keyboard layer. Letters work while nothing is typed; Enter leads to the next field, Ctrl+Enter submits; in a form
// with data-keys="submit" (log-in, code, password) Enter in the last field submits as well. What a page marks with
// data-key="x" is clicked by X (data-key="enter" where nothing has the focus); its form with data-work, or the only one
// in sight, is sent by Ctrl+Enter from anywhere.

const TYPED = "input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit]), textarea, select, [contenteditable]";
const FIELDS = "input:not([type=hidden]):not([disabled]), select:not([disabled]), textarea:not([disabled]), button[type=submit]:not([disabled])";

export function watchKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return; // an input method writes Chinese with Enter as well
    if (event.key === "Enter") return enter(event);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && event.target.matches(TYPED) && !event.target.closest("dialog")) return event.target.blur();
    if (event.target.closest(TYPED) || document.querySelector("dialog[open]")) return;
    const letter = event.key.toLowerCase();
    const own = document.querySelector(`[data-key="${CSS.escape(letter)}"]`); // a page's own key goes first
    const act = own ? () => own.click() : LETTERS[letter];
    if (act && act() !== false) event.preventDefault();
  });
}

const LETTERS = {
  j: () => step("[data-card]", 1),
  k: () => step("[data-card]", -1),
  f: () => step("[data-finding]", 1),
  m: () => act("[data-mend]"),
  o: () => act("[data-override]"),
  "/": () => focus(document.getElementById("search")),
  "?": () => document.getElementById("keys").showModal(),
};

function enter(event) {
  const submits = event.ctrlKey || event.metaKey;
  // Outside of every form Ctrl+Enter sends the form that is the page's work.
  // For a moment after Escape the focus is still in the dialog that has closed: what it asked is not answered by that.
  const form = event.target.closest("dialog[open] form[data-keys], form[data-keys]:not(dialog *)") ?? (submits && !document.querySelector("dialog[open]") ? work() : null);
  if (!form) {
    if (!submits && event.target === document.body) document.querySelector('[data-key="enter"]')?.click();
    return;
  }
  if (submits) {
    event.preventDefault();
    form.requestSubmit();
  } else if (event.target.matches("input, select") && !event.shiftKey) {
    event.preventDefault();
    const fields = [...form.querySelectorAll(FIELDS)].filter((field) => field.offsetParent !== null);
    const next = fields[fields.indexOf(event.target) + 1];
    if (form.dataset.keys === "submit" && next?.matches("button")) form.requestSubmit();
    else focus(next);
  }
}

function work() {
  const seen = [...document.querySelectorAll("main form[data-keys]")].filter((form) => form.offsetParent !== null);
  return document.querySelector("form[data-work]") ?? (seen.length === 1 ? seen[0] : null);
}

function step(selector, by) {
  const all = [...document.querySelectorAll(selector)].filter((each) => each.offsetParent !== null);
  if (!all.length) return false;
  const now = all.findIndex((each) => each.getAttribute("aria-current") === "true");
  const next = all[now < 0 ? (by > 0 ? 0 : all.length - 1) : (now + by + all.length) % all.length];
  for (const each of all) each.removeAttribute("aria-current");
  next.setAttribute("aria-current", "true");
  focus(next.querySelector("a, button") ?? next);
  next.scrollIntoView({ block: "nearest" });
}

function act(selector) {
  const current = document.querySelector('[data-finding][aria-current="true"]') ?? document.querySelector("[data-finding]");
  const link = current?.querySelector(selector);
  if (!link) return false;
  const field = current.dataset.mends && selector === "[data-mend]" ? document.getElementById(`id_${current.dataset.mends}`) : null;
  if (field) focus(field);
  else link.click();
}

function focus(element) {
  if (!element) return false;
  if (element.tabIndex < 0 && !element.hasAttribute("tabindex")) element.setAttribute("tabindex", "-1");
  element.focus();
  if (element.matches("input:not([type=checkbox]):not([type=radio])")) element.select();
}
