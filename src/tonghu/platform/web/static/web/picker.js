// The code picker: a combobox over a list that the server searches by code, name, pinyin or initials. Whenever its list
// opens, is searched anew or closes, the picker sends the event "picker".

const WAIT = 120; // milliseconds after the last key

export function watchPickers() {
  document.addEventListener("input", (event) => {
    const picker = event.target.closest("[data-picker]");
    if (!picker) return;
    typed.add(picker);
    later(picker, () => open(picker));
  });
  document.addEventListener("focusout", (event) => {
    const picker = event.target.closest("[data-picker]");
    if (picker && !picker.contains(event.relatedTarget)) setTimeout(() => close(picker), 150);
  });
  document.addEventListener("pointerdown", (event) => {
    const option = event.target.closest("[data-picker] [role=option][data-value]");
    if (!option) return;
    event.preventDefault();
    choose(option.closest("[data-picker]"), option);
  });
  // Before the layer of keys, which leads Enter to the next field.
  document.addEventListener("keydown", onKey, true);
}

const timers = new WeakMap();
const typed = new WeakSet(); // where something was typed since it was chosen: the list is searched by that

function later(picker, act) {
  clearTimeout(timers.get(picker));
  timers.set(picker, setTimeout(act, WAIT));
}

function onKey(event) {
  const picker = event.target.closest?.("[data-picker]");
  if (!picker || event.isComposing) return;
  const { list } = parts(picker);
  if (list.hidden) {
    if (event.key === "ArrowDown") {
      event.preventDefault();
      if (typed.has(picker)) open(picker);
      else browse(picker);
    }
    return;
  }
  const options = [...list.querySelectorAll("[data-value]")];
  const now = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    point(picker, options[(now + step + options.length) % options.length]);
  } else if (event.key === "Enter" && !event.ctrlKey && options[Math.max(now, 0)]) {
    choose(picker, options[Math.max(now, 0)]); // and on: the layer of keys goes to the next field
  } else if (event.key === "Escape") {
    event.preventDefault();
    close(picker);
  }
}

// The whole list, standing on what is chosen; of a list too long to be shown whole, what fits the value.
async function browse(picker) {
  const { input, list } = parts(picker);
  await open(picker, "");
  if (!list.querySelector("[data-value]")) return open(picker);
  const now = [...list.querySelectorAll("[data-value]")].find((option) => option.dataset.value === input.value);
  if (now) point(picker, now);
  else if (input.value) return open(picker);
}

async function open(picker, asked = parts(picker).input.value) {
  const { input, list } = parts(picker);
  const query = new URLSearchParams({ q: asked, id: list.id });
  const answer = await fetch(`${picker.dataset.picker}?${query}`, { headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok || document.activeElement !== input) return;
  list.innerHTML = await answer.text(); // escaped by the server
  list.hidden = false;
  input.setAttribute("aria-expanded", "true");
  point(picker, list.querySelector("[data-value]"));
  picker.dispatchEvent(new Event("picker", { bubbles: true }));
}

function point(picker, option) {
  const { input, list } = parts(picker);
  for (const each of list.querySelectorAll("[role=option]")) each.setAttribute("aria-selected", String(each === option));
  if (option) {
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  } else input.removeAttribute("aria-activedescendant");
}

function choose(picker, option) {
  const { input } = parts(picker);
  clearTimeout(timers.get(picker));
  typed.delete(picker);
  input.value = option.dataset.value;
  close(picker);
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function close(picker) {
  const { input, list } = parts(picker);
  list.hidden = true;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
  picker.dispatchEvent(new Event("picker", { bubbles: true }));
}

function parts(picker) {
  return { input: picker.querySelector("input"), list: picker.querySelector("[role=listbox]") };
}
