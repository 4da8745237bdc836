// The page may have been open for long when it is printed: the time on paper is that of printing, in the site's zone.
export function watchPaper() {
  addEventListener("beforeprint", () => {
    const now = new Date().toLocaleString("sv-SE", { timeZone: "Asia/Shanghai" }).slice(0, 16);
    for (const place of document.querySelectorAll("[data-printed]")) {
      place.textContent = place.textContent.replace(/\d{4}-\d\d-\d\d \d\d:\d\d/, now);
    }
  });
}
