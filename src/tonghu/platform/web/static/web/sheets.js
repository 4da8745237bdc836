// Dialogs and drop-downs: opened by what names them, closed by Escape, by their button, by a click beside them.

export function watchSheets() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    const sheet = opener && document.getElementById(opener.dataset.opens);
    if (sheet) {
      // A link keeps its address for those without scripts; htmx fills the sheet.
      if (opener.matches("a")) event.preventDefault();
      sheet.showModal();
      sheet.addEventListener("close", () => opener.focus(), { once: true }); // also where a key opened it
    }
    if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
    if (event.target.matches("dialog[open]")) event.target.close();
    for (const drop of document.querySelectorAll("details[data-drop][open]")) {
      if (!drop.contains(event.target)) drop.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const drop = event.target.closest("details[data-drop][open]");
    if (drop) {
      drop.open = false;
      drop.querySelector("summary").focus();
    }
  });
  document.querySelector("[data-first-error]")?.focus();
}
