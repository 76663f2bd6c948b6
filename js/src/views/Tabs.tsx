import { useRef } from "preact/hooks";
import { useView } from "../page";
import { along, LEFT_RIGHT } from "../roving";
import type { Tab } from "../ui";

const TABS: readonly { tab: Tab; words: string }[] = [
  { tab: "steer", words: "Steer" },
  { tab: "history", words: "History" },
  { tab: "worker", words: "Worker" },
];

/** What the widget shows below its head: the steering itself, past runs, or the worker. */
export function Tabs() {
  const { store, id } = useView();
  const list = useRef<HTMLDivElement>(null);
  const at = TABS.findIndex(({ tab }) => tab === store.ui.tab.value);
  const onKeyDown = (event: KeyboardEvent) => {
    const next = along(at, TABS.length, event.key, LEFT_RIGHT, true);
    const entered = TABS[next ?? -1];
    if (next === null || entered === undefined) return;
    event.preventDefault();
    store.ui.tab.value = entered.tab;
    (list.current?.children[next] as HTMLElement | undefined)?.focus();
  };
  return (
    <div ref={list} class="sw-tabs" role="tablist" aria-label="Views of the widget" onKeyDown={onKeyDown}>
      {TABS.map(({ tab, words }, i) => (
        <button
          key={tab}
          type="button"
          class="sw-tab"
          role="tab"
          id={id(`tab-${tab}`)}
          aria-selected={i === at}
          aria-controls={id(`panel-${tab}`)}
          tabIndex={i === at ? 0 : -1}
          data-testid={`sw-tab-${tab}`}
          onClick={() => {
            store.ui.tab.value = tab;
          }}
        >
          {words}
        </button>
      ))}
    </div>
  );
}
