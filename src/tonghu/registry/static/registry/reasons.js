// Dialogs with usual reasons: the number before a reason takes it and sends the dialog.
document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || !/^[1-9]$/.test(event.key)) return;
  if (event.target.matches("textarea, input[type=text]")) return;
  const sheet = event.target.closest("dialog[open]");
  const choice = sheet?.querySelectorAll("input[type=radio][name=reason]")[Number(event.key) - 1];
  if (!choice) return;
  event.preventDefault();
  choice.checked = true;
  choice.form.requestSubmit();
});
