// For development only: the history of the scripted kernel, in memory.
import { DEFAULT_GENERATION } from "../src/defaults";
import { errorInfo } from "../src/errors";
import type {
  CellView,
  Feature,
  PageCommand,
  PastRun,
  Reply,
  RunView,
  SelectedEdit,
  Steering,
} from "../src/protocol.gen";
import { NOTHING_MEASURED } from "./measures";

type Answer = { result: Reply["result"] } | { error: ReturnType<typeof errorInfo> };

interface Kept {
  past: PastRun;
  view: RunView;
}

const feature = (index: number, label: string): Feature => ({ kind: "feature", index, label, sae: "" });

const FEATURES = [
  feature(523, "war, in 'during the war'"),
  feature(3530, "Science, mostly the journal"),
  feature(180, "love, in fall in love"),
  feature(618, "World War"),
  feature(48, "higher, rising, upward"),
];
const PROMPTS = [
  "Yesterday I went for a walk and",
  "The best thing about the city is\nthat one can always",
  "My grandmother used to say that",
];
const STATES = ["done", "done", "done", "stopped", "done", "interrupted", "failed"] as const;
const NAMES: Readonly<Record<number, { name: string; tags: string[] }>> = {
  1: { name: "War against the baseline", tags: ["war", "paper"] },
  4: { name: "", tags: ["sweep"] },
  7: {
    name: "A <b>rather</b> long name of a run that goes on until it needs a second line",
    tags: ["paper"],
  },
};
const AGES_S = [40, 900, 7_300, 50_000, 93_000, 200_000, 2_000_000];

function column(f: Feature, strength: number): Steering {
  const edit: SelectedEdit = {
    feature: f,
    strength,
    unit: "raw",
    method: "add",
    positions: "all",
    skip_special: false,
    schedule: null,
    more_strengths: [],
    is_hidden: false,
  };
  return { edits: [edit], preserve_norm: false };
}

const wordsOf = ({ edits }: Steering): string =>
  edits
    .map(
      (e) => `${e.feature.kind === "feature" ? `${e.feature.index} ${e.feature.label}` : ""} +${e.strength}`,
    )
    .join() || "baseline";

function made(n: number, texts: readonly string[]): Kept {
  const columns = [
    { edits: [], preserve_norm: null },
    ...FEATURES.slice(0, 1 + (n % 5)).map((f, i) => column(f, 40 + 10 * ((n + i) % 4))),
  ];
  const prompts = PROMPTS.slice(0, 1 + (n % 2));
  const state = STATES[n % STATES.length] ?? "done";
  const nCells = prompts.length * columns.length;
  const nDone = state === "done" ? nCells : Math.floor(nCells / 2);
  const cells = Array.from({ length: nCells }, (_, index): CellView => {
    const text = texts[index % texts.length] ?? "";
    const own =
      n % 3 === 0 || index === 0 ? text : text.replace(/people|soldiers|oceans|park/, "birds and trees");
    return {
      index,
      state: "done",
      text: index < nDone ? own : "",
      n_tokens: 48,
      finish: "length",
      measures: NOTHING_MEASURED,
      error: null,
    };
  });
  const shown = columns.slice(0, 4);
  const view: RunView = {
    id: `past-${n}`,
    state: state === "interrupted" ? "stopped" : state,
    prompts: [...prompts],
    steerings: columns,
    samples: 1,
    generation: { ...DEFAULT_GENERATION, temperature: n % 2 === 0 ? 0 : 0.7, seed: n },
    cells,
    progress: {
      fraction: 1,
      n_tokens: 48 * nCells,
      n_cells_ended: nCells,
      tokens_per_s: null,
      eta_s: null,
      elapsed_s: 3,
      is_overtaken: false,
    },
    error: null,
  };
  const past: PastRun = {
    id: view.id,
    ...(NAMES[n] ?? { name: "", tags: [] }),
    created_at: new Date(Date.now() - 1000 * ((AGES_S[n] ?? 0) || 2_000_000 + 90_000 * n)).toISOString(),
    state,
    model: "HuggingFaceTB/SmolLM2-135M-Instruct",
    saes: ["steer-widget-demo"],
    prompts: [...prompts],
    n_prompts: prompts.length,
    n_steerings: columns.length,
    n_cells: nCells,
    n_done: nDone,
    steerings: shown.map(wordsOf),
    features: shown.map(({ edits }) => (edits[0]?.feature.kind === "feature" ? edits[0].feature : null)),
    thumbnail: shown.map((_, i) => (cells[i]?.text ?? "").slice(0, 120)),
    is_open: n === 0,
  };
  return { past, view };
}

export class FakeHistory {
  #kept: Kept[];
  #deleted: Kept[] = [];
  isRecording = true;

  constructor(texts: readonly string[], nRuns = 43) {
    this.#kept = Array.from({ length: nRuns }, (_, n) => made(n, texts));
  }

  empty(): void {
    this.#kept = [];
  }

  view(run: string): RunView | undefined {
    return this.#kept.find(({ view }) => view.id === run)?.view;
  }

  /** What the kernel answers; null for what is no question about the history. */
  answer(command: PageCommand): Answer | null {
    switch (command.type) {
      case "ListRuns": {
        const words = command.text.toLowerCase().split(/\s+/).filter(Boolean);
        const found = this.#kept.filter(({ past }) => {
          const all = JSON.stringify(past).toLowerCase();
          return (
            words.every((word) => all.includes(word)) && (!command.tag || past.tags.includes(command.tag))
          );
        });
        return {
          result: {
            type: "PastRuns",
            runs: found.slice(command.start, command.start + command.n_runs).map(({ past }) => past),
            n_all: found.length,
            tags: [...new Set(this.#kept.flatMap(({ past }) => past.tags))].sort(),
            is_recording: this.isRecording,
          },
        };
      }
      case "OpenRun":
        return { result: { type: "RunOpened", not_selected: null } };
      case "ReadRun": {
        const view = this.view(command.run);
        return view
          ? { result: { type: "RunRead", run: view } }
          : { error: errorInfo("InvalidInput", "gone") };
      }
      case "NoteRun":
        this.#kept = this.#kept.map((kept) =>
          kept.past.id === command.run
            ? { ...kept, past: { ...kept.past, name: command.name, tags: command.tags } }
            : kept,
        );
        return { result: null };
      case "DeleteRuns":
        this.#deleted = this.#kept.filter(({ past }) => command.runs.includes(past.id));
        this.#kept = this.#kept.filter(({ past }) => !command.runs.includes(past.id));
        return { result: null };
      case "RestoreRuns":
        this.#kept = [...this.#kept, ...this.#deleted].sort((a, b) =>
          b.past.created_at.localeCompare(a.past.created_at),
        );
        return { result: null };
      case "ExportRun":
        return {
          result: {
            type: "File",
            name: `${command.run}.${command.format}`,
            media_type: "text/plain",
            content: JSON.stringify(this.view(command.run)),
            is_base64: false,
          },
        };
      default:
        return null;
    }
  }
}
