// A list whose rows are ticked: the box in its head ticks all of them, or none, and says where only some are.
const all = document.querySelector("[data-ticks-all]");
const boxes = () => [...all.closest("table").querySelectorAll("tbody input[type=checkbox]")];

function say() {
  const ticked = boxes().filter((box) => box.checked).length;
  all.checked = ticked === boxes().length;
  all.indeterminate = ticked > 0 && !all.checked;
}

if (all) {
  all.closest("table").addEventListener("change", (event) => {
    if (event.target === all) for (const box of boxes()) box.checked = all.checked;
    say();
  });
  addEventListener("pageshow", say); // what the browser remembered of the boxes
}
