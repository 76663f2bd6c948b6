// One widget on the page: its store, its connection and what it can do, shared by all its views.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { Actions } from "./actions";
import { Asked } from "./asked";
import { Bands } from "./bands";
import { Connection, type HostModel } from "./connection";
import { Editing } from "./editing";
import { Finding } from "./finding";
import { HistoryRoom } from "./history";
import { Live } from "./live";
import { NextTokens } from "./next_token";
import { PartsRoom } from "./parts";
import { PromptList } from "./prompt_list";
import { ResultsRoom } from "./results";
import { Sets } from "./sets";
import { isActive } from "./states";
import { Store } from "./store";
import { Suggesting } from "./suggesting";
import { SummaryRoom } from "./summary_room";
import { TokenPreviews } from "./token_preview";
import type { Ask } from "./tokens";
import { WorkerRoom } from "./worker_room";

export interface Page {
  readonly store: Store;
  readonly actions: Actions;
  readonly results: ResultsRoom;
  readonly summary: SummaryRoom;
  readonly workerRoom: WorkerRoom;
  readonly editing: Editing;
  readonly finding: Finding;
  readonly asked: Asked;
  readonly bands: Bands;
  readonly parts: PartsRoom;
  readonly sets: Sets;
  readonly suggesting: Suggesting;
  readonly promptList: PromptList;
  readonly tokenPreviews: TokenPreviews;
  readonly live: Live;
  readonly nextTokens: NextTokens;
  readonly history: HistoryRoom;
  close(): void;
}

/** `ask`: who answers what is asked of texts; the kernel where nobody else does. */
export function openPage(model: HostModel, ask?: Ask): Page {
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
    link: (state, isAlone) => store.setLink(state, isAlone),
  });
  connection.open();
  const backOnline = () => void connection.sync();
  addEventListener("online", backOnline);
  const actions = new Actions(store, connection);
  const promptList = new PromptList(store, connection);
  const tokenPreviews = new TokenPreviews(store, connection);
  const live = new Live(store, actions);
  const nextTokens = new NextTokens(store, promptList, connection);
  const results = new ResultsRoom(store, ask ?? ((command) => connection.request(command)));
  const asked = new Asked(store, connection);
  const finding = new Finding(store, connection, asked);
  return {
    store,
    actions,
    promptList,
    tokenPreviews,
    editing: new Editing(store),
    finding,
    asked,
    bands: new Bands(store, connection),
    parts: new PartsRoom(store, results, tokenPreviews, finding),
    sets: new Sets(store, connection),
    suggesting: new Suggesting(connection),
    live,
    nextTokens,
    results,
    summary: new SummaryRoom(),
    history: new HistoryRoom(connection, store.ui),
    workerRoom: new WorkerRoom(connection),
    close: () => {
      for (const room of [tokenPreviews, live, nextTokens]) room.close();
      removeEventListener("online", backOnline);
      connection.close();
    },
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
