// One widget on the page: its store, its connection and what it can do, shared by all its views.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { Actions } from "./actions";
import { Connection, type HostModel } from "./connection";
import { Live } from "./live";
import { NextTokens } from "./next_token";
import { PromptList } from "./prompt_list";
import { Sets } from "./sets";
import { isActive } from "./states";
import { Store } from "./store";
import { TokenPreviews } from "./token_preview";

export interface Page {
  readonly store: Store;
  readonly actions: Actions;
  readonly promptList: PromptList;
  readonly tokens: TokenPreviews;
  readonly live: Live;
  readonly nextTokens: NextTokens;
  readonly sets: Sets;
  close(): void;
}

export function openPage(model: HostModel): Page {
  const store: Store = new Store(
    () => connection,
    (seq) => connection.acknowledge(seq),
  );
  const connection = new Connection(model, {
    expecting: () => isActive(store.shown.value.run),
    run: (event) => store.receive(event),
    trait: (name, value) => {
      if (store.receiveTrait(name, value) === "gap") void connection.sync();
    },
    link: (state) => store.setLink(state),
  });
  connection.open();
  const backOnline = () => void connection.sync();
  addEventListener("online", backOnline);
  const actions = new Actions(store, connection);
  const promptList = new PromptList(store, connection);
  const tokens = new TokenPreviews(store, connection);
  const live = new Live(store, actions);
  const nextTokens = new NextTokens(store, promptList, connection);
  const close = () => {
    for (const room of [tokens, live, nextTokens]) room.close();
    removeEventListener("online", backOnline);
    connection.close();
  };
  return { store, actions, promptList, tokens, live, nextTokens, sets: new Sets(store, connection), close };
}

export interface View extends Page {
  /** Makes an element id unique among all views of all widgets. */
  id(name: string): string;
}

const ViewContext = createContext<View | null>(null);
export const ViewProvider = ViewContext.Provider;

export function useView(): View {
  const view = useContext(ViewContext);
  if (view === null) throw new Error("a view was drawn outside ViewProvider");
  return view;
}
