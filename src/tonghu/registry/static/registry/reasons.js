// Dialogs with usual reasons: the number before a reason takes it and sends the dialog; without a reason it stays open
// and says so at the field.
document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || !/^[1-9]$/.test(event.key)) return;
  if (event.target.matches("textarea, input[type=text]")) return;
  const sheet = event.target.closest("dialog[open]");
  const choice = sheet?.querySelectorAll("input[type=radio][name=reason]")[Number(event.key) - 1];
  if (!choice) return;
  event.preventDefault();
  choice.checked = true;
  choice.form.elements.typed?.setCustomValidity("");
  choice.form.requestSubmit();
});

document.addEventListener(
  "submit",
  (event) => {
    const typed = event.target.querySelector("[data-lacks]");
    if (!typed || typed.value.trim() || event.target.querySelector("[name=reason]:checked")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    typed.setCustomValidity(typed.dataset.lacks);
    typed.reportValidity();
  },
  true,
);
for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => event.target.form?.querySelector("[data-lacks]")?.setCustomValidity(""));
}
