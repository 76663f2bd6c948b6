import { useEffect, useState } from "preact/hooks";
import { type View, ViewProvider } from "../page";
import type { RunFile } from "../protocol.gen";
import { themeOf, watchTheme } from "../theme";
import { Results } from "../views/Results";

/** A run as a page of its own: the widget's results, and what is known of how they were made. */
export function RunPage({ view, file }: { view: View; file: RunFile }) {
  const [theme, setTheme] = useState(themeOf);
  useEffect(() => watchTheme(() => setTheme(themeOf())), []);
  return (
    <ViewProvider value={view}>
      <div class="sw-root sw-page" data-theme={theme} data-testid="sw-root">
        <header class="sw-page-head">
          <h1 dir="auto">{file.title}</h1>
          <details class="sw-page-facts" data-testid="sw-page-facts">
            <summary>How it was made</summary>
            <dl>
              {file.facts.map(({ name, value }) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd dir="auto">{value}</dd>
                </div>
              ))}
            </dl>
          </details>
        </header>
        <Results />
      </div>
    </ViewProvider>
  );
}
