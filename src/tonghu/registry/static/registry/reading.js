// The card beside its row: only what was changed, when the reader asks for that.
import "./reasons.js";

document.addEventListener("change", (event) => {
  const box = event.target.closest("[data-only-differs]");
  if (box) box.closest("[data-sides]").classList.toggle("only-differs", box.checked);
});
