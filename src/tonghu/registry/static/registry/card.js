// The card's form. The server checks what was typed and answers with the list of findings; from that list this module
// puts each message beside its field. Only what was changed is sent. A reason for a finding is a field of the form too,
// hidden, so that it is kept as what is typed is. Keys: M takes the proposed value or goes to the field, O gives a
// reason, F goes to the next finding, T takes what the last stay knew, Ctrl+Enter sends.

import "./reasons.js";

const form = document.getElementById("card");
const dialog = document.getElementById("override");
const TYPED = "input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit]), textarea, select";
const STORE = form && `draft:card:${form.dataset.card}:${form.dataset.version}:${form.dataset.person}`;
const KNEW = "_knew_";
const WHY = "why|"; // begins the name of a reason; the finding's key follows
const ENTERED = "entered:card";
const known = new Map(); // what this tab knows the draft to say, where that is not what came with the page
const returned = new Map(); // what came back from this tab: sent as the page was left, it may be in the draft by now
let handed = {}; // what the draft's request carries; there is one at a time
const elsewhere = new Map(); // what another tab typed into a field that was typed here too, until it is typed in again
let sent = false;
let searched = null; // the code field whose list is asked for: what stands there is no code yet, and is not checked
let pointed = ""; // the finding on which the clerk stands, across answers of the server

// --- fields ------------------------------------------------------------------------------------------------------

function fields() {
  return [...form.elements].filter((field) => field.dataset.was !== undefined);
}

function changed(field) {
  return field.value.trim() !== field.dataset.was.trim();
}

function typed(field) {
  if (field.dataset.was === undefined) return;
  field.closest("[data-field]")?.classList.toggle("is-changed", changed(field));
  elsewhere.delete(field.name);
  named(field);
  keep();
}

// The name of a code stands beside it: taken from the entry that was chosen, cleared while something else is typed.
function named(field) {
  const told = field.closest("[data-field]")?.querySelector("[data-told]");
  const offered = [...(field.closest("[data-picker]")?.querySelectorAll("[role=option][data-value]") ?? [])];
  const name = offered.find((option) => option.dataset.value === field.value)?.dataset.name ?? "";
  if (told) told.textContent = name || (field.value === field.dataset.was ? told.dataset.told : "");
  const pair = name && field.dataset.names && document.getElementById(`id_${field.dataset.names}`);
  if (pair && pair.value !== name) {
    pair.value = name;
    typed(pair);
  }
}

function onlyChanged(event) {
  const { parameters, elt } = event.detail;
  if (elt !== form && !elt.matches("[data-saves-draft]")) return;
  if (sent) return event.preventDefault(); // the card is on its way: there is nothing left to look at or to keep
  if (elt === form && searched) return event.preventDefault();
  if (elt === form) {
    for (const field of fields()) if (!changed(field)) delete parameters[field.name];
    return;
  }
  handed = untaken();
  for (const field of fields()) delete parameters[field.name];
  Object.assign(parameters, handed);
  if (!Object.keys(handed).length) event.preventDefault();
}

// What was typed to find a code is checked once it is one of the list, once nothing of the list fits, or once the list
// is closed; a field that is left says so itself.
function listed(event) {
  const field = event.target.querySelector("input");
  if (!searched || field !== searched) return;
  const codes = [...event.target.querySelectorAll("[data-value]")].flatMap((option) => writings(option.dataset.value));
  if (field.getAttribute("aria-expanded") === "true" && codes.length && !codes.includes(plain(field.value))) return;
  searched = null;
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

// A code as it may be typed: a morphology also by its four digits, with or without its behaviour.
function writings(code) {
  const [, number, behaviour] = code.match(/^M(\d{4})\d\/(\d)$/) ?? [];
  return number ? [code, number, `${number}/${behaviour}`, `M${number}/${behaviour}`] : [plain(code)];
}

function plain(code) {
  return code.replace(/[.\s]/g, "").toUpperCase();
}

// What was set back goes along, so that no draft of it is left.
function leaveOut(data) {
  for (const field of fields()) if (!changed(field) && field.value === knew(field)) data.delete(field.name);
}

// --- findings ----------------------------------------------------------------------------------------------------

function findings() {
  return [...document.querySelectorAll("#findings [data-finding]")];
}

function current() {
  return document.querySelector('#findings [data-finding][aria-current="true"]') ?? findings().find(open);
}

function open(finding) {
  return finding.dataset.explained === undefined && finding.dataset.mended === undefined;
}

function fieldOf(finding) {
  return finding?.dataset.mends ? document.getElementById(`id_${finding.dataset.mends}`) : null;
}

function project() {
  for (const place of form.querySelectorAll("[data-field] .beside")) place.remove();
  for (const field of form.querySelectorAll("[aria-invalid]")) ["aria-invalid", "aria-describedby"].forEach((name) => field.removeAttribute(name));
  for (const field of form.querySelectorAll("[data-field][data-level]")) delete field.dataset.level;
  const counts = {};
  for (const finding of findings()) {
    const field = fieldOf(finding);
    const place = field?.closest("[data-field]");
    const section = place?.closest("[data-section]")?.dataset.section;
    explained(finding);
    if (section && open(finding)) counts[section] = (counts[section] ?? 0) + 1;
    if (!place || !open(finding)) continue;
    place.dataset.level ??= finding.dataset.level;
    const beside = document.createElement("p");
    beside.className = `beside beside-${finding.dataset.level}`;
    beside.id = `beside_${finding.dataset.mends}_${finding.dataset.rule}`;
    beside.textContent = finding.querySelector(".finding-what").textContent;
    // Of several on one field the first is shown with their number, the others once the field is entered.
    const before = place.querySelectorAll(".beside");
    place.append(beside);
    if (before.length) before[0].dataset.more = before.length + 1;
    field.setAttribute("aria-describedby", [...before, beside].map((each) => each.id).join(" "));
    field.setAttribute("aria-invalid", String(finding.dataset.level === "error"));
  }
  for (const link of document.querySelectorAll("[data-counts]")) {
    link.textContent = counts[link.dataset.counts] ?? "";
  }
  for (const said of document.querySelectorAll("#findings [data-name-of]")) {
    const told = document.getElementById(`id_${said.dataset.nameOf}`)?.closest("[data-field]")?.querySelector("[data-told]");
    if (told) told.textContent = said.textContent;
  }
  sayLacking();
  const left = findings().filter(open);
  stand(left.find((each) => each.dataset.key === pointed) ?? left[0], false);
  begin();
}

// Beside the button that submits: a supplement that is not whole keeps nobody, but is said, and leads there.
function sayLacking() {
  const said = form.querySelector("[data-foot-lacks]");
  const lacks = document.querySelectorAll("#findings [data-lacks]").length;
  if (!said) return;
  said.hidden = !lacks;
  said.textContent = lacks ? said.dataset.footLacks.replace("%s", lacks) : "";
}

// Where nothing has the focus, the finding in question gets it: whoever listens hears it, and the letter keys work. A
// card on which nothing is found begins with the note that says why it is here, else with its first field's section; a
// new card begins with the first field in error, else with the first.
function begin() {
  if (document.activeElement && document.activeElement !== document.body) return;
  const asked = document.querySelector("[autofocus]"); // the browser gets to it after this
  if (asked) return asked.focus();
  if (form.dataset.begun) {
    const seen = fields().filter((field) => field.type !== "hidden" && field.offsetParent !== null);
    const lacking = form.dataset.lacking.split(" ");
    const wrong = (field) => lacking.includes(field.name) || field.getAttribute("aria-invalid") === "true";
    return (seen.find(wrong) ?? seen[0])?.focus();
  }
  if (form.dataset.supplements !== undefined) return supplement();
  const here = document.querySelector('#findings [aria-current="true"]') ?? document.querySelector(".card-notes .note:not([hidden])") ?? form.querySelector("[data-section] h2");
  if (!here) return;
  if (!here.hasAttribute("tabindex")) here.tabIndex = -1;
  here.focus({ preventScroll: true });
}

// Whoever goes through the cards to supplement begins there: where earlier stays knew something, with what takes it,
// else in the first item that is asked.
function supplement() {
  const takes = form.querySelector("[data-takes-known]");
  const first = document.querySelector("#findings [data-lacks]");
  const here = takes ?? (first && form.querySelector(first.getAttribute("href"))) ?? form.querySelector("[data-section=supplement] h2");
  if (!here) return;
  if (here.matches("h2")) here.tabIndex = -1;
  here.scrollIntoView({ block: "center", behavior: "instant" });
  here.focus({ preventScroll: true });
}

// Stand on a finding; its field is shown in the middle of the page.
function stand(finding, show = true) {
  for (const each of findings()) each.removeAttribute("aria-current");
  for (const each of form.querySelectorAll(".is-here")) each.classList.remove("is-here");
  if (!finding) return;
  finding.setAttribute("aria-current", "true");
  pointed = finding.dataset.key;
  const field = fieldOf(finding);
  field?.closest("[data-field]")?.classList.add("is-here");
  if (show || !document.activeElement?.closest?.("#card")) {
    field?.closest("details:not([open])")?.setAttribute("open", "");
    field?.closest("[data-field]")?.scrollIntoView({ block: "center", behavior: "instant" });
    finding.scrollIntoView({ block: "nearest", behavior: "instant" });
  }
}

function point(field) {
  const finding = findings().find((each) => open(each) && each.dataset.mends && `id_${each.dataset.mends}` === field.id);
  if (finding) stand(finding, false);
}

function next() {
  const all = findings().filter(open);
  if (!all.length) return;
  const now = all.indexOf(current());
  stand(all[(now + 1) % all.length]);
  all[(now + 1) % all.length].focus({ preventScroll: true });
}

function mend(finding) {
  if (!finding) return;
  stand(finding);
  const field = fieldOf(finding);
  if (!field) return;
  if (finding.dataset.proposes === undefined) {
    field.focus();
    return field.select?.();
  }
  field.value = finding.dataset.proposes;
  const left = findings().filter(open);
  finding.dataset.mended = ""; // until the server has looked
  stand(left[left.indexOf(finding) + 1] ?? findings().find(open));
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

// --- reasons -----------------------------------------------------------------------------------------------------

function override(finding) {
  if (!finding || finding.dataset.level === "error" || !dialog) return;
  stand(finding);
  dialog.querySelector("[data-about]").textContent = finding.querySelector(".finding-what").textContent;
  dialog.querySelector("form").reset();
  dialog.dataset.key = finding.dataset.key;
  dialog.showModal();
  dialog.querySelector("input[type=radio]")?.focus();
}

function reasonOf(key) {
  return form.elements.namedItem(WHY + key);
}

// The hidden field of a reason; what it `was` is nothing: reasons that were saved stand with their findings.
function reasonField(key) {
  const held = document.createElement("input");
  held.type = "hidden";
  held.name = WHY + key;
  held.dataset.was = held.dataset.came = "";
  form.append(held);
  return held;
}

// A reason that was given on this page and is saved with the card; it can be taken back until then.
function explained(finding) {
  const held = reasonOf(finding.dataset.key);
  const back = finding.querySelector("[data-unsays]");
  if (back) back.hidden = !held?.value;
  if (!held?.value) return;
  finding.dataset.explained = "";
  const note = finding.querySelector("[data-why]");
  note.textContent = note.dataset.why.replace("%s", held.value);
  note.hidden = false;
}

function unsay(finding) {
  const held = reasonOf(finding.dataset.key);
  if (!held) return;
  held.value = "";
  delete finding.dataset.explained;
  finding.querySelector("[data-why]").hidden = true;
  held.dispatchEvent(new Event("change", { bubbles: true }));
  pointed = finding.dataset.key;
  project();
}

dialog?.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const data = new FormData(event.target);
  const reason = String(data.get("typed") || data.get("reason") || "").trim();
  const held = reasonOf(dialog.dataset.key) ?? reasonField(dialog.dataset.key);
  held.value = reason;
  held.dispatchEvent(new Event("change", { bubbles: true }));
  dialog.close();
  pointed = "";
  project();
});

// What came of sending the card stands at the button that was pressed: the page itself goes to the next finding.
function answerAtFoot() {
  const foot = form.querySelector(".card-foot");
  for (const note of document.querySelectorAll(".messages .note-error, .messages .note-warning, .messages .note-success:not([data-toast])")) {
    note.classList.add("foot-note");
    foot?.prepend(note);
  }
}

// --- keys and clicks ---------------------------------------------------------------------------------------------

function onKey(event) {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.(TYPED) || document.querySelector("dialog[open]")) return;
  const act = { m: () => mend(current()), o: () => override(current()), f: next, t: takeKnown }[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
}

// What earlier stays knew, into every blank item; then on with the first that nobody knew.
function takeKnown() {
  const taken = [...form.querySelectorAll("[data-offers]:not([hidden])")];
  for (const offer of taken) {
    const field = offer.closest("[data-field]").querySelector("[data-was]");
    if (field.value.trim()) continue;
    field.value = offer.dataset.offers;
    offer.hidden = true;
    typed(field);
  }
  const button = form.querySelector("[data-takes-known]");
  if (button) button.hidden = true;
  if (!taken.length) return;
  form.dispatchEvent(new Event("change", { bubbles: true }));
  const left = [...form.querySelectorAll("[data-section=supplement] [data-was]")].find((field) => !field.value.trim() && lacking(field));
  (left ?? button?.closest("[data-section]").querySelector("h2"))?.focus();
}

function lacking(field) {
  return document.querySelector(`#findings [data-lacks][href="#${CSS.escape(field.id)}"]`);
}

function onClick(event) {
  if (event.target.closest("[data-takes-known]")) return takeKnown();
  if (event.target.closest("[data-next-finding]")) return next();
  if (event.target.closest("[data-foot-lacks]")) return document.querySelector("#findings [data-lacks]")?.click();
  const lacks = event.target.closest("[data-lacks]");
  if (lacks) return event.preventDefault(), form.querySelector(lacks.getAttribute("href"))?.focus();
  const finding = event.target.closest("#findings [data-finding]");
  if (finding) {
    if (event.target.closest("[data-mend]")) event.preventDefault(), mend(finding);
    else if (event.target.closest("[data-override]")) event.preventDefault(), override(finding);
    else if (event.target.closest("[data-unsays]")) unsay(finding);
    else stand(finding);
  }
  const offer = event.target.closest("[data-offers]");
  if (offer) {
    const field = offer.closest("[data-field]").querySelector("[data-was]");
    field.value = offer.dataset.offers;
    offer.hidden = true;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    field.focus();
  }
}

// --- nothing typed is lost ---------------------------------------------------------------------------------------

// Tabs of one person share a draft, so each sends only what it typed and the server has not, with what it knew before.

function knew(field) {
  return known.get(field.name) ?? cameWith(field);
}

function cameWith(field) {
  if (field.type === "hidden") return field.dataset.came; // its default value follows its value
  if (field.options) return [...field.options].find((option) => option.defaultSelected)?.value ?? field.options[0]?.value ?? "";
  return field.defaultValue;
}

function news() {
  return fields().filter((field) => field.value !== knew(field) || setBack(field));
}

// Typed, kept in this tab, and set back before the server was heard: its draft may say what was typed.
function setBack(field) {
  return field.value === knew(field) && returned.has(field.name);
}

function untaken() {
  const told = news().filter((field) => !elsewhere.has(field.name));
  const before = (field) => (setBack(field) ? returned.get(field.name) : knew(field));
  return Object.fromEntries(told.flatMap((field) => [[field.name, field.value], [KNEW + field.name, before(field)]]));
}

function keep() {
  const held = news().map((field) => [field.name, { value: field.value, knew: knew(field), theirs: elsewhere.get(field.name) }]);
  if (held.length) sessionStorage.setItem(STORE, JSON.stringify(Object.fromEntries(held)));
  else sessionStorage.removeItem(STORE);
}

function drafted(event) {
  const said = document.getElementById("draft-state");
  const { elt, successful, xhr } = event.detail;
  if (!elt.matches?.("[data-saves-draft]") || !said) return;
  if (!successful) return void (said.textContent = said.dataset.kept);
  const { theirs, gone } = xhr.status === 200 ? JSON.parse(xhr.responseText) : { theirs: {} };
  for (const [name, value] of Object.entries(handed)) {
    if (name.startsWith(KNEW)) continue;
    known.set(name, theirs[name] ?? value);
    returned.delete(name);
  }
  for (const [name, value] of Object.entries(theirs)) elsewhere.set(name, value);
  keep();
  tell(said);
  if (gone) said.textContent = gone; // a colleague moved the card on
  said.classList.toggle("typed-elsewhere", Boolean(gone) || elsewhere.size > 0);
}

function tell(said) {
  const told = [...elsewhere].map(([name, theirs]) => {
    const label = document.getElementById(`id_${name}`)?.closest("[data-field]")?.querySelector("label");
    const called = name.startsWith(WHY) ? name.split("|")[1] : name;
    return said.dataset.elsewhere.replace("%(field)s", label?.firstChild.textContent.trim() ?? called).replace("%(theirs)s", theirs);
  });
  said.classList.toggle("typed-elsewhere", told.length > 0);
  said.textContent = told.join(" ") || said.dataset.saved;
}

// A new card has an address of its own from the start: a page that is loaded again is the same card, and what the tab
// could not hand over (the session ended) leads back to its card.
function addressed() {
  const { begun, layout, here, person } = form.dataset;
  if (!begun) {
    sessionStorage.removeItem(sessionStorage.getItem(ENTERED)); // it is this card now
    return sessionStorage.removeItem(ENTERED);
  }
  if (new URLSearchParams(location.search).has("draft")) return;
  const left = Object.keys(sessionStorage).find((key) => key.startsWith("draft:card:new:") && key.endsWith(`:${person}`));
  const [, , , which, written] = left?.split(":") ?? [];
  if (which && location.pathname === here) return location.replace(`${here}?draft=${which}&layout=${written}`);
  history.replaceState(null, "", `${here}?draft=${begun}&layout=${layout}`);
}

// What the server had not taken when the session ended is still in this tab.
function restore() {
  const ofOthers = Object.keys(sessionStorage).filter((key) => key.startsWith(`draft:card:${form.dataset.card}:`) && key !== STORE);
  if (!form.dataset.begun) for (const key of ofOthers) sessionStorage.removeItem(key); // of a version that is not in force any more: it was saved
  const values = JSON.parse(sessionStorage.getItem(STORE) ?? "{}");
  for (const name of Object.keys(values)) if (name.startsWith(WHY) && !form.elements.namedItem(name)) reasonField(name.slice(WHY.length));
  let back = 0;
  for (const field of fields()) {
    if (!(field.name in values)) continue;
    const { value, knew: before, theirs } = values[field.name];
    if (field.value === value && theirs === undefined) continue; // the server took it as the page was left
    known.set(field.name, before);
    if (theirs !== undefined) elsewhere.set(field.name, theirs);
    if (field.value === value) continue;
    returned.set(field.name, value);
    field.value = value;
    field.closest("[data-field]")?.classList.add("is-changed");
    back += 1;
  }
  if (elsewhere.size) tell(document.getElementById("draft-state"));
  if (!back) return;
  document.getElementById("draft-back")?.removeAttribute("hidden");
  window.addEventListener("load", () => form.dispatchEvent(new Event("change", { bubbles: true })));
}

// The session ended while something was typed, or the form's token is of a log-in before this one: say so, stay here,
// and lead to the log-in, or to this page anew, and back.
function expired(event) {
  const { xhr } = event.detail;
  const note = document.getElementById(xhr.status === 401 ? "session-over" : "form-old");
  if (!note || (xhr.status !== 401 && !xhr.getResponseHeader("X-Form-Expired"))) return;
  event.preventDefault();
  keep();
  const link = note.querySelector("a");
  const here = location.pathname + location.search;
  const [login, next] = link.getAttribute("href").split("?next=");
  link.setAttribute("href", next === undefined ? here : `${login}?next=${encodeURIComponent(here)}`);
  note.removeAttribute("hidden");
}

function leave() {
  if (sent) return;
  const values = untaken();
  if (!Object.keys(values).length) return;
  const own = [...form.querySelectorAll("input[name=_version], input[name=_layout], input[name=_begun]")];
  const body = new URLSearchParams({ ...values, ...Object.fromEntries(own.map((input) => [input.name, input.value])) });
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  fetch(form.dataset.draftUrl, { method: "POST", body, headers: { "X-CSRFToken": token }, keepalive: true }).catch(() => {});
}

if (form) {
  answerAtFoot();
  addressed();
  restore();
  project();
  form.addEventListener("input", (event) => {
    searched = event.target.closest("[data-picker]") && event.target.value.trim() ? event.target : null;
    typed(event.target);
  });
  form.addEventListener("change", (event) => {
    if (event.target === searched) searched = null;
    typed(event.target);
  });
  form.addEventListener("picker", listed);
  form.addEventListener("focusin", (event) => point(event.target));
  form.addEventListener("submit", () => {
    sent = true; // kept in this tab until a page with a newer version comes
    if (form.dataset.begun) sessionStorage.setItem(ENTERED, STORE);
  });
  form.addEventListener("formdata", (event) => leaveOut(event.formData));
  document.addEventListener("htmx:configRequest", onlyChanged);
  document.addEventListener("htmx:afterSwap", (event) => event.target.id === "findings" && project());
  document.addEventListener("htmx:beforeOnLoad", expired);
  document.addEventListener("htmx:afterRequest", drafted);
  document.addEventListener("keydown", onKey, true);
  document.addEventListener("click", onClick);
  document.addEventListener("toggle", (event) => event.target.matches?.("details[data-more]") && project(), true);
  document.addEventListener("htmx:afterSettle", (event) => event.target.closest?.("[data-more-of]") && project());
  window.addEventListener("pagehide", leave);
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-forgets-card]")) return;
    sent = true; // and nothing of it is kept while the page goes
    sessionStorage.removeItem(STORE);
  });
}
