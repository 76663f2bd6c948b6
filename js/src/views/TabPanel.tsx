import type { ComponentChildren } from "preact";
import { useView } from "../page";
import type { Tab } from "../ui";

/** What belongs to a tab; drawn only while it is chosen. */
export function TabPanel({ tab, children }: { tab: Tab; children: ComponentChildren }) {
  const { store, id } = useView();
  const isShown = store.ui.tab.value === tab;
  return (
    <div
      class="sw-tab-panel"
      role="tabpanel"
      id={id(`panel-${tab}`)}
      aria-labelledby={id(`tab-${tab}`)}
      hidden={!isShown}
      data-testid={`sw-panel-${tab}`}
    >
      {isShown && children}
    </div>
  );
}
