import { useEffect, useState } from "preact/hooks";
import { keepNear } from "../focus";
import { type View, ViewProvider } from "../page";
import { themeOf, watchTheme } from "../theme";
import { HistoryPanel } from "./HistoryPanel";
import { StatusBar } from "./StatusBar";
import { SteerPanel } from "./SteerPanel";
import { TabPanel } from "./TabPanel";
import { WorkerPanel } from "./WorkerPanel";

/** The whole widget. */
export function App({ view }: { view: View }) {
  const [theme, setTheme] = useState(themeOf);
  useEffect(() => watchTheme(() => setTheme(themeOf())), []);
  const onKeyDown = (event: KeyboardEvent) => {
    // Notebooks have shortcuts of their own: what is typed here must not reach them.
    event.stopPropagation();
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (view.store.ui.tab.value === "steer") void view.actions.run();
  };
  return (
    <ViewProvider value={view}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the run shortcut works in every field inside */}
      <div
        class="sw-root"
        data-theme={theme}
        data-testid="sw-root"
        data-lm-suppress-shortcuts="true"
        onKeyDown={onKeyDown}
        onClick={keepNear}
        onFocusIn={() => view.actions.wake()}
        onPointerEnter={() => view.actions.wake()}
      >
        <StatusBar />
        <TabPanel tab="steer">
          <SteerPanel />
        </TabPanel>
        <TabPanel tab="history">
          <HistoryPanel />
        </TabPanel>
        <TabPanel tab="worker">
          <WorkerPanel />
        </TabPanel>
      </div>
    </ViewProvider>
  );
}
