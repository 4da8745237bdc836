// Light or dark: kept in a cookie, so that the server sends the page in it and nothing flickers.

const YEAR = 365 * 86400;

export function watchTheme() {
  for (const button of document.querySelectorAll("[data-theme-switch]")) {
    button.addEventListener("click", () => {
      const root = document.documentElement;
      const next = root.dataset.bsTheme === "dark" ? "light" : "dark";
      root.dataset.bsTheme = next;
      root.dataset.themeChoice = next;
      document.cookie = `tonghu_theme=${next}; max-age=${YEAR}; path=/; samesite=lax`;
      document.dispatchEvent(new Event("tonghu:theme"));
    });
  }
}
