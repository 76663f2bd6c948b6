// One widget on the page: its store, its connection and what it can do, shared by all its views.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { Actions } from "./actions";
import { Connection, type HostModel } from "./connection";
import { ResultsRoom } from "./results";
import { isActive } from "./states";
import { Store } from "./store";

export interface Page {
  readonly store: Store;
  readonly actions: Actions;
  readonly results: ResultsRoom;
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
  const close = () => {
    removeEventListener("online", backOnline);
    connection.close();
  };
  const results = new ResultsRoom(store, (command) => connection.request(command));
  return { store, actions: new Actions(store, connection), results, close };
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
