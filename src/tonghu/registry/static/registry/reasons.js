// Dialogs with usual reasons. The number before a reason takes it. Where the reason stays with the card in hand, that is
// all; where the dialog sends the card away, Enter or its button does: the next card stands there at once, and whoever
// meant to confirm would have confirmed that one. A number alone in the field for one's own words takes a reason too: it
// is never the reason itself. Without one, or with one that is too short, the dialog stays open and says so at the field.
const offered = (form) => [...form.querySelectorAll("input[type=radio][name=reason]")];

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || !/^[1-9]$/.test(event.key)) return;
  if (event.target.matches("textarea, input[type=text]")) return;
  const sheet = event.target.closest("dialog[open]");
  const choice = sheet?.querySelectorAll("input[type=radio][name=reason]")[Number(event.key) - 1];
  if (!choice) return;
  event.preventDefault();
  choice.checked = true;
  choice.focus();
  hush(choice.form);
  if (choice.form.method === "dialog") choice.form.requestSubmit();
});

// Before the keyboard layer, for which Enter leads to the next field.
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Enter" || event.isComposing || event.shiftKey || event.altKey) return;
    if (!event.target.matches("dialog[open] input[type=radio][name=reason]:checked")) return;
    event.preventDefault();
    event.target.form.requestSubmit();
  },
  true,
);

document.addEventListener(
  "submit",
  (event) => {
    const typed = event.target.querySelector("[data-lacks]");
    if (!typed) return;
    if (numbered(typed)) typed.value = "";
    const said = [...typed.value.trim()].length;
    if (said >= Number(typed.dataset.shortest) || (!said && event.target.querySelector("[name=reason]:checked"))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    complain(typed, said ? typed.dataset.short : typed.dataset.lacks);
  },
  true,
);

for (const kind of ["input", "change", "reset"]) {
  document.addEventListener(kind, (event) => {
    const form = event.target.form ?? event.target.closest?.("form");
    const typed = form?.querySelector("[data-lacks]");
    if (!typed) return;
    hush(form);
    if (kind === "input" && event.target === typed) choose(typed);
  });
}

// The usual reason whose number is all that stands in the field.
function numbered(typed) {
  const said = typed.value.trim().normalize("NFKC");
  return /^[1-9]$/.test(said) ? offered(typed.form)[Number(said) - 1] : undefined;
}

// Shown at once, and taken back where more follows: then it was the beginning of one's own words.
function choose(typed) {
  const choice = numbered(typed);
  if (choice) choice.checked = true;
  else if (typed.dataset.chose !== undefined) for (const each of offered(typed.form)) each.checked = false;
  if (choice) typed.dataset.chose = "";
  else delete typed.dataset.chose;
}

function complain(typed, what) {
  const said = typed.form.querySelector("[data-complaint]");
  said.textContent = what;
  said.hidden = false;
  typed.setAttribute("aria-invalid", "true");
  typed.setAttribute("aria-describedby", said.id);
  typed.setCustomValidity(what);
  typed.focus();
}

function hush(form) {
  const typed = form.querySelector("[data-lacks]");
  const said = form.querySelector("[data-complaint]");
  if (!typed || !said) return;
  said.hidden = true;
  typed.removeAttribute("aria-invalid");
  typed.setCustomValidity("");
}
