// Picking cards by hand: a box a row, one for all, X for the row that J and K stand on; how many are picked.
const form = document.querySelector("[data-picks]");
const boxes = () => [...document.querySelectorAll("[data-picked]")];

function count() {
  const picked = boxes().filter((box) => box.checked).length;
  const said = form.querySelector("[data-pick-count]");
  said.textContent = picked ? `${said.dataset.said} ${picked}` : "";
  form.querySelector("[data-pick-go]").disabled = !picked;
  form.querySelector("[data-pick-all]").checked = picked > 0 && picked === boxes().length;
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
  addEventListener("pageshow", count); // what the browser remembered of the boxes
  count();
}
