// Day fields: eight digits get their dashes, and the button opens the browser's own calendar.

export function watchDays() {
  document.addEventListener("focusout", (event) => {
    if (event.target.matches("[data-day] > input[type=text]")) event.target.value = written(event.target.value);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-opens-day]");
    if (button) pick(button.closest("[data-day]"));
  });
}

// 20180315 and 2018/3/15 as 2018-03-15; whatever is none of these stays as it was typed.
function written(text) {
  const found = /^(\d{4})(\d{2})(\d{2})$/.exec(text.trim()) ?? /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})$/.exec(text.trim());
  return found ? [found[1], found[2].padStart(2, "0"), found[3].padStart(2, "0")].join("-") : text;
}

function pick(field) {
  const typed = field.querySelector("input[type=text]");
  field.querySelector("input[type=date]")?.remove();
  const calendar = document.createElement("input"); // there only while it is open: no second field for keys and readers
  calendar.type = "date";
  calendar.className = "day-calendar";
  calendar.tabIndex = -1;
  calendar.setAttribute("aria-hidden", "true");
  calendar.value = written(typed.value);
  calendar.addEventListener("change", () => {
    typed.value = calendar.value;
    typed.dispatchEvent(new Event("input", { bubbles: true }));
    typed.dispatchEvent(new Event("change", { bubbles: true }));
    typed.focus();
  });
  calendar.addEventListener("blur", () => calendar.remove());
  field.append(calendar);
  calendar.focus();
  calendar.showPicker?.();
}
