// Which theme the host page has; hosts say so in different ways.
export type Theme = "light" | "dark";

export function themeOf(): Theme {
  const { body, documentElement: html } = document;
  const jupyter = body.dataset["jpThemeLight"];
  if (jupyter !== undefined) return jupyter === "false" ? "dark" : "light";
  const said = [body.dataset["vscodeThemeKind"], html.getAttribute("theme"), html.dataset["theme"]].find(
    Boolean,
  );
  if (said) return said.includes("dark") ? "dark" : "light";
  for (const element of [body, html]) {
    if (element.classList.contains("dark")) return "dark";
    if (element.classList.contains("light")) return "light";
  }
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Calls back when the theme may have changed; returns the way to stop. */
export function watchTheme(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  const attributeFilter = ["data-jp-theme-light", "data-vscode-theme-kind", "theme", "data-theme", "class"];
  for (const element of [document.body, document.documentElement])
    observer.observe(element, { attributes: true, attributeFilter });
  const media = matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    media.removeEventListener("change", changed);
  };
}
