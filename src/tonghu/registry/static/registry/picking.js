// Picking cards by hand: a box a row, one for all, X for the row that J and K stand on; how many are picked. What is
// picked stays so in this tab while the sample of it is looked at; it is approved once a question was answered.
const form = document.querySelector("[data-picks]");
const STORE = form && `draft:picked:${form.dataset.person}`;
const boxes = () => [...document.querySelectorAll("[data-picked]")];

function count() {
  const picked = boxes().filter((box) => box.checked);
  const said = form.querySelector("[data-pick-count]");
  said.textContent = picked.length ? `${said.dataset.said} ${picked.length}` : "";
  form.querySelector("[data-pick-go]").disabled = !picked.length;
  form.querySelector("[data-pick-all]").checked = picked.length > 0 && picked.length === boxes().length;
  sessionStorage.setItem(STORE, JSON.stringify(picked.map((box) => box.value)));
}

// By card and version: one that was changed since, or is gone, is not picked again.
function restore() {
  const kept = JSON.parse(sessionStorage.getItem(STORE) ?? "[]");
  for (const box of boxes()) if (kept.includes(box.value)) box.checked = true;
  count();
}

if (form) {
  form.querySelector("[data-pick-one]").addEventListener("click", () => {
    const box = document.querySelector("[data-card][aria-current=true] [data-picked]");
    if (box) box.checked = !box.checked;
    count();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-pick-all]")) for (const box of boxes()) box.checked = event.target.checked;
    if (event.target.matches("[data-pick-all], [data-picked]")) count();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "asked") return restore(); // the list was narrowed
    document.querySelector("#asked > [data-opens]")?.click();
    document.querySelector("#asked a[data-key]")?.focus();
  });
  addEventListener("pageshow", restore); // what the browser remembered of the boxes, and this tab
}
