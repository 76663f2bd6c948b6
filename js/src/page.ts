// One widget on the page: its store, its connection and what it can do, shared by all its views.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { Actions } from "./actions";
import { Connection, type HostModel } from "./connection";
import { Editing } from "./editing";
import { Finding } from "./finding";
import { ResultsRoom } from "./results";
import { Sets } from "./sets";
import { isActive } from "./states";
import { Store } from "./store";
import { SummaryRoom } from "./summary_room";
import { WorkerRoom } from "./worker_room";

export interface Page {
  readonly store: Store;
  readonly actions: Actions;
  readonly results: ResultsRoom;
  readonly summary: SummaryRoom;
  readonly workerRoom: WorkerRoom;
  readonly editing: Editing;
  readonly finding: Finding;
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
  const close = () => {
    removeEventListener("online", backOnline);
    connection.close();
  };
  return {
    store,
    actions: new Actions(store, connection),
    results: new ResultsRoom(store),
    summary: new SummaryRoom(),
    workerRoom: new WorkerRoom(connection),
    editing: new Editing(store),
    finding: new Finding(store, connection),
    sets: new Sets(store, connection),
    close,
  };
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
