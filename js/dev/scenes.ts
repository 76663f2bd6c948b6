// For development only: states of the page worth looking at.
import { DEFAULT_GENERATION, EMPTY_SELECTION } from "../src/defaults";
import type { ErrorInfo, Feature, SaeInfo, SelectedEdit, Status, Vector } from "../src/protocol.gen";
import type { FakeKernel } from "./fake_kernel";

interface Scene {
  traits?: Record<string, unknown>;
  silent?: boolean;
  nTicks?: number;
  tickMs?: number;
  nInTick?: number;
  nAtOnce?: number;
  nOthers?: number;
  texts?: readonly string[];
  preserveNorm?: boolean;
  isSummary?: boolean;
  play?: (kernel: FakeKernel, el: HTMLElement) => Promise<void>;
}

export const TEXTS = [
  " I saw a lot of people. I was walking down the street and I saw a man who was wearing a hat. He was talking to his dog about the weather, and the dog seemed to agree with most of it. I thought about that for a while.",
  " saw the soldiers who had been sent to the front. The war had ended in 1985, but the trenches were still there, and the old men who had fought in them still came on Sundays to look at the fields.",
  " found out that the latest climate report says that the oceans are warming faster than the models of the last decade predicted, according to a study published this week in the journal Science.",
  " I met her. She is the sweetest thing that has ever happened to me, and I knew that I was falling in love before we had reached the end of the park.",
];

const SAE: SaeInfo = {
  name: "steer-widget-demo",
  architecture: "jumprelu",
  d_in: 576,
  d_sae: 4608,
  hook_name: "blocks.15.hook_resid_post",
  layer: 15,
  residual_norm: 170,
  neuronpedia_id: "",
};

export const STATUS: Status = {
  worker: "ready",
  loading: null,
  model: {
    name: "SmolLM2-135M-Instruct",
    architecture: "llama",
    n_layers: 30,
    d_model: 576,
    d_vocab: 49152,
    context: 8192,
    n_parameters: 134515008,
    dtype: "bfloat16",
    device: "cpu",
    has_chat_template: true,
    processor: "AVX512",
    n_threads: 2,
    loaded_by: null,
    hashes: null,
  },
  saes: [SAE],
  methods: ["ablate", "add", "cap", "clamp", "orthogonal", "scale"],
  measures: ["kl", "perplexity", "repetition", "activation", "off_target"],
  n_labels: 4608,
  pid: 4242,
  load_s: 5.1,
  n_memory_bytes: null,
  speed: null,
  error: null,
  history_problem: null,
  tasks: [],
};

const edit = (
  index: number,
  label: string,
  strength: number,
  change: Partial<SelectedEdit> = {},
): SelectedEdit => ({
  feature: { kind: "feature", index, label, sae: "" },
  strength,
  unit: "raw",
  method: null,
  positions: "all",
  skip_special: null,
  schedule: null,
  more_strengths: [],
  is_hidden: false,
  ...change,
});

/** A vector of this many equal numbers. */
function vector(name: string, value: number): Vector {
  const bytes = new Uint8Array(new Float32Array(SAE.d_in).fill(value).buffer);
  return { kind: "vector", values: btoa(String.fromCharCode(...bytes)), name, hook_name: SAE.hook_name };
}

const LOOP =
  " the war, the war and the war, the war and the war, the war and the war, the war and the war, the war";

const THREE = [
  edit(523, "war, in 'during the war'", 70),
  edit(3530, "Science, mostly the journal", 70),
  edit(180, "love, in fall in love", -45),
];
const CHOSEN = {
  prompts: ["Yesterday I went for a walk and"],
  selection: { ...EMPTY_SELECTION, edits: THREE },
};

const DIED: ErrorInfo = {
  kind: "WorkerDied",
  message:
    "The worker process ended: signal SIGKILL, probably because memory ran out. The next run starts a new one.",
  details:
    "exit signal: SIGKILL\nlast lines of its log:\n  loading model 100 %\n  ready in 5.1 s\n  run-3: 4 rows\n  <b>not bold</b>",
  field: "",
  value: "",
  allowed: "",
};

const CRASH_LOOP =
  "The worker died 3 times in a row, so no new one starts by itself. The last time: the worker process was killed " +
  "by SIGKILL. Remove the cause, then start it again: steerer.reload(), or Reload in the widget.";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function press(el: HTMLElement, testId: string): void {
  el.querySelector<HTMLElement>(`[data-testid="${testId}"]`)?.click();
}

function type(el: HTMLElement, testId: string, text: string): void {
  const box = el.querySelector<HTMLInputElement>(`[data-testid="${testId}"]`);
  if (box === null) return;
  box.focus();
  box.value = text;
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

async function run(_kernel: FakeKernel, el: HTMLElement): Promise<void> {
  await wait(120);
  press(el, "sw-run");
}

const WALK = "Yesterday I went for a walk and";

/** Two features, each at seven strengths. */
const SWEEP = [523, 3530].flatMap((index, i) =>
  [-180, -120, -60, 0, 60, 120, 180].map((strength) =>
    edit(index, i === 0 ? "war, in 'during the war'" : "Science, mostly the journal", strength),
  ),
);

const BATCH = [
  WALK,
  "The best thing about the city is\nthat one can always",
  "My grandmother told me that",
  "The doctor looked at the results and",
  "In the morning the harbour",
  "She opened the letter. It said",
  "The recipe begins with",
  "When the train stopped for no reason between two stations, the passengers looked at each other and then",
  "According to the report,",
  "Nobody had told him",
  "The first rule is",
  "I think that",
];

const batchOf = (prompts: readonly string[], edits: readonly SelectedEdit[], samples = 1) => ({
  prompts,
  selection: { ...EMPTY_SELECTION, edits, samples },
});

export const SCENES: Record<string, Scene> = {
  empty: {},
  plain: { traits: { status: { ...STATUS, saes: [{ ...SAE, d_sae: 24576 }] } } },
  loading: {
    traits: {
      status: {
        ...STATUS,
        worker: "loading",
        model: null,
        saes: [],
        loading: { type: "Loading", stage: "model", fraction: 0.62, message: "" },
      },
    },
  },
  search: {
    play: async (_kernel, el) => {
      await wait(100);
      type(el, "sw-search", "war");
    },
  },
  chosen: {
    traits: CHOSEN,
    play: async (_kernel, el) => {
      await wait(150);
      press(el, "sw-details-0");
      press(el, "sw-gen-toggle");
    },
  },
  firing: {
    traits: { prompts: CHOSEN.prompts },
    play: async (_kernel, el) => {
      await wait(100);
      press(el, "sw-find-firing");
    },
  },
  saes: {
    traits: {
      ...CHOSEN,
      status: {
        ...STATUS,
        saes: [
          { ...SAE, neuronpedia_id: "smollm2-135m/15-demo" },
          { ...SAE, name: "gemma-scope-2b-pt-res-canonical/layer_20", layer: 20 },
        ],
      },
    },
    play: async (_kernel, el) => {
      await wait(150);
      press(el, "sw-details-0");
    },
  },
  strengths: {
    traits: {
      prompts: CHOSEN.prompts,
      status: { ...STATUS, speed: { first_s: 0.4, step_s: 0.03, row_s: 0.004, max_rows: 64 } },
      selection: {
        ...EMPTY_SELECTION,
        layout: "combined" as const,
        master: 1.3,
        edits: [
          edit(523, "war, in 'during the war'", 70, { more_strengths: [20, 40] }),
          edit(3530, "Science, mostly the journal", -70, { more_strengths: [-120.5, -40], is_hidden: true }),
          edit(180, "love, in fall in love", 130, { more_strengths: [35] }),
        ],
      },
    },
  },
  grid: {
    traits: CHOSEN,
    play: async (_kernel, el) => {
      await wait(150);
      press(el, "sw-layout-grid");
    },
  },
  layoutsweep: {
    traits: CHOSEN,
    play: async (_kernel, el) => {
      await wait(150);
      press(el, "sw-layout-sweep");
    },
  },
  sets: {
    traits: CHOSEN,
    play: async (kernel, el) => {
      kernel.sets.save("war and science", THREE);
      kernel.sets.save(
        "a very long name of a set that somebody gave in a hurry, with everything in it",
        THREE,
      );
      await wait(150);
      press(el, "sw-sets-features");
      await wait(100);
      type(el, "sw-set-name-features", "war and science");
    },
  },
  running: { traits: CHOSEN, nTicks: 12, play: run },
  done: { traits: CHOSEN, play: run },
  combined: {
    traits: { ...CHOSEN, selection: { ...CHOSEN.selection, layout: "combined" as const } },
    play: run,
  },
  many: {
    traits: {
      prompts: ["Yesterday I went for a walk and", "The best thing about the city is\nthat one can always"],
      selection: {
        ...EMPTY_SELECTION,
        samples: 2,
        edits: [
          ...THREE,
          ...[10, 20, 40, 80].map((s, i) => edit(11 + i, "a rather long label of a feature", s)),
        ],
      },
    },
    nTicks: 14,
    play: run,
  },
  sixty: {
    traits: {
      prompts: ["One prompt", "Another prompt", "A third prompt"],
      selection: {
        ...EMPTY_SELECTION,
        edits: Array.from({ length: 19 }, (_, i) => edit(i, `feature ${i}`, 5 * i)),
      },
    },
    play: run,
  },
  texts: {
    traits: {
      ...CHOSEN,
      prompts: [...CHOSEN.prompts, "The best thing about the city is", "My sister told me that"],
    },
    play: run,
  },
  /** 200 cells of 60 tokens, 60 at a time, a token each at 20 Hz. */
  fluid: {
    tickMs: 50,
    nInTick: 1,
    nAtOnce: 60,
    texts: TEXTS.map((text, i) =>
      `${text}${TEXTS[(i + 1) % TEXTS.length]}`.split(" ").slice(0, 61).join(" "),
    ),
    traits: {
      prompts: Array.from({ length: 50 }, (_, i) => `Prompt ${i + 1}, which is read by all of the columns`),
      selection: { ...EMPTY_SELECTION, edits: THREE },
    },
    play: run,
  },
  methods: {
    traits: {
      prompts: CHOSEN.prompts,
      selection: {
        ...EMPTY_SELECTION,
        edits: [
          edit(523, "war, in 'during the war'", 70),
          edit(3530, "Science, mostly the journal", 2, { method: "scale" }),
          edit(180, "love, in fall in love", 0.4, {
            method: "clamp",
            unit: "max_act",
            positions: "generated",
          }),
          edit(618, "World War", 25, { method: "cap", unit: "raw" }),
          edit(48, "higher, rising, upward", 0, { method: "orthogonal" }),
          edit(32, "data in data science contexts", 0, { method: "ablate" }),
        ],
      },
    },
    play: run,
  },
  python: {
    traits: {
      prompts: CHOSEN.prompts,
      selection: {
        ...EMPTY_SELECTION,
        edits: [
          edit(523, "war, in 'during the war'", 70, {
            positions: { kind: "span", start: 3, stop: 10, step: 1 },
            schedule: { start: 10, half_life: 20 },
            skip_special: true,
          }),
          edit(0, "", 3, { feature: vector("polite − rude", 0.9), positions: "generated" }),
          edit(0, "", 70, {
            feature: {
              kind: "control",
              of: edit(523, "war, in 'during the war'", 0).feature as Feature,
              seed: 1,
            },
          }),
        ],
      },
    },
    preserveNorm: true,
    play: run,
  },
  flags: {
    traits: {
      prompts: CHOSEN.prompts,
      selection: {
        ...EMPTY_SELECTION,
        edits: [
          edit(523, "war, in 'during the war'", 170),
          edit(3530, "Science, mostly the journal", -90),
          edit(180, "love, in fall in love", 5000),
        ],
      },
    },
    texts: [TEXTS[0] ?? "", LOOP, "", " lov lov"],
    play: run,
  },
  chat: {
    traits: {
      prompts: [
        [
          { role: "system", content: "You answer in one sentence." },
          { role: "user", content: "What did you do yesterday?" },
        ],
        "\u202eright to left\u202c and a long prompt that goes on and on until it has to be broken into lines, twice at least, to be seen whole",
      ],
      selection: {
        ...EMPTY_SELECTION,
        samples: 2,
        edits: [{ ...edit(180, "love, in fall in love", 0.41), unit: "norm" }, edit(5, "", 900)],
      },
    },
    play: run,
  },
  firesat: {
    traits: CHOSEN,
    play: async (kernel, el) => {
      await run(kernel, el);
      await wait(8_000);
      press(el, "sw-fires-in-1");
      await wait(600);
      el.querySelector<HTMLElement>('[data-testid="sw-cell-text-1"] [data-token="4"]')?.click();
      await wait(500);
      press(el, "sw-fires-1-details");
    },
  },
  contrast: {
    traits: CHOSEN,
    play: async (kernel, el) => {
      await run(kernel, el);
      await wait(8_000);
      press(el, "sw-fires-in-2");
      await wait(500);
      press(el, "sw-against-baseline");
    },
  },
  promptparts: {
    traits: CHOSEN,
    play: async (_kernel, el) => {
      await wait(150);
      press(el, "sw-tokens-toggle-0");
      await wait(600);
      const tokens = el.querySelectorAll<HTMLElement>(".sw-token-flow [data-token]");
      tokens[3]?.click();
      tokens[5]?.dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey: true }));
    },
  },
  explored: {
    traits: CHOSEN,
    play: async (_kernel, el) => {
      await wait(150);
      press(el, "sw-details-0");
      await wait(100);
      for (const summary of el.querySelectorAll<HTMLElement>(".sw-explore summary")) summary.click();
    },
  },
  ranked: {
    play: async (_kernel, el) => {
      await wait(100);
      press(el, "sw-rank");
      type(el, "sw-search", "war");
    },
  },
  bands: {
    traits: CHOSEN,
    play: async (_kernel, el) => {
      await wait(150);
      press(el, "sw-calibrate-all");
      press(el, "sw-layout-sweep");
      await wait(2_000);
      press(el, "sw-calibrate-1");
      const unit = el.querySelector<HTMLSelectElement>('[data-testid="sw-unit-2"]');
      if (unit !== null) {
        unit.value = "auto";
        unit.dispatchEvent(new Event("change", { bubbles: true }));
      }
    },
  },
  next: {
    traits: CHOSEN,
    play: async (_kernel, el) => {
      await wait(150);
      press(el, "sw-next-token");
    },
  },
  live: {
    traits: CHOSEN,
    play: async (_kernel, el) => {
      await wait(150);
      press(el, "sw-live");
      press(el, "sw-next-token");
    },
  },
  fifty: {
    traits: {
      ...CHOSEN,
      prompts: Array.from({ length: 50 }, (_, i) => `Prompt ${i}: once upon a time in a land far away`),
    },
  },
  tokens: {
    traits: {
      prompts: ["Yesterday I went for a walk\n\tand  saw 3 dogs"],
      generation: { ...DEFAULT_GENERATION, chat: true },
      selection: {
        ...EMPTY_SELECTION,
        edits: [
          edit(523, "war, in 'during the war'", 70, { skip_special: true }),
          edit(180, "love, in fall in love", -45, {
            positions: { kind: "span", start: 6, stop: -5, step: 1 },
          }),
        ],
      },
    },
    play: async (_kernel, el) => {
      await wait(150);
      press(el, "sw-tokens-toggle-0");
      press(el, "sw-gen-toggle");
    },
  },
  file: {
    traits: CHOSEN,
    play: async (_kernel, el) => {
      await wait(150);
      const input = el.querySelector<HTMLInputElement>('[data-testid="sw-prompt-file-open-input"]');
      if (input === null) return;
      const lines = Array.from(
        { length: 12 },
        (_, i) => `Line ${i} of a file, ${"and more of it ".repeat(i + 1)}`,
      );
      const files = new DataTransfer();
      files.items.add(new File([`prompt\n${lines.join("\n")}`], "my prompts.csv"));
      input.files = files.files;
      input.dispatchEvent(new Event("change"));
    },
  },
  errors: {
    traits: CHOSEN,
    play: async (_kernel, el) => {
      await wait(150);
      type(el, "sw-strength-0", "abc");
      press(el, "sw-gen-toggle");
      type(el, "sw-gen-temperature", "-1");
    },
  },
  failed: {
    traits: CHOSEN,
    nTicks: 12,
    play: async (kernel, el) => {
      await run(kernel, el);
      await wait(1000);
      kernel.fail(DIED);
      await wait(100);
      el.querySelector<HTMLElement>('[data-testid="sw-run-error-details"] summary')?.click();
    },
  },
  backlog: { traits: CHOSEN, nTicks: 12, nOthers: 2, play: run },
  retry: {
    traits: CHOSEN,
    nTicks: 22,
    play: async (kernel, el) => {
      await run(kernel, el);
      await wait(1700);
      kernel.log = DIED.details;
      kernel.fail(DIED);
    },
  },
  dead: {
    traits: {
      ...CHOSEN,
      status: {
        ...STATUS,
        worker: "failed",
        error: { ...DIED, kind: "WorkerCrashLoop", details: "", message: CRASH_LOOP },
      },
    },
    play: async (kernel, el) => {
      kernel.log = DIED.details;
      await wait(150);
      el.querySelector<HTMLElement>('[data-testid="sw-status-error-details"] summary')?.click();
    },
  },
  late: {
    traits: CHOSEN,
    nTicks: 12,
    play: async (kernel, el) => {
      await run(kernel, el);
      await wait(900);
      kernel.silent = true;
      press(el, "sw-stop");
      await wait(1200);
      press(el, "sw-interrupt");
    },
  },
  sweep: { traits: batchOf([WALK], SWEEP), isSummary: true, play: run },
  sweepmany: { traits: batchOf(BATCH.slice(0, 2), SWEEP, 2), isSummary: true, play: run },
  sweepband: { traits: batchOf(BATCH.slice(0, 7), SWEEP, 2), isSummary: true, play: run },
  sweeplog: {
    traits: batchOf(
      [WALK],
      [1, 2, 5, 10, 20, 50, 100].flatMap((s) => [edit(523, "war, in 'during the war'", s), edit(5, "", -s)]),
    ),
    isSummary: true,
    play: run,
  },
  batch: { traits: batchOf(BATCH, THREE), isSummary: true, play: run },
  batchhalf: { traits: batchOf(BATCH, THREE, 2), isSummary: true, nTicks: 22, play: run },
  batchlarge: {
    traits: batchOf(
      Array.from({ length: 50 }, (_, i) => `${BATCH[i % BATCH.length]} (${i + 1})`),
      Array.from({ length: 9 }, (_, i) => edit(520 + i, `a rather long label of feature ${i}`, 20 * i)),
    ),
    isSummary: true,
    play: run,
  },
  few: { traits: batchOf([WALK], THREE.slice(0, 1)), isSummary: true, play: run },
  history: {
    play: async (_kernel, el) => {
      await wait(150);
      press(el, "sw-tab-history");
    },
  },
  "history-edit": {
    play: async (_kernel, el) => {
      await wait(150);
      press(el, "sw-tab-history");
      await wait(200);
      press(el, "sw-past-delete-past-2");
      await wait(200);
      press(el, "sw-past-note-past-1");
      await wait(100);
      press(el, "sw-past-export-past-3");
    },
  },
  "history-empty": {
    play: async (kernel, el) => {
      kernel.history.empty();
      await wait(150);
      press(el, "sw-tab-history");
    },
  },
  compare: {
    play: async (_kernel, el) => {
      await wait(150);
      press(el, "sw-tab-history");
      await wait(200);
      press(el, "sw-past-mark-past-2");
      press(el, "sw-past-mark-past-3");
      await wait(100);
      press(el, "sw-history-compare");
    },
  },
  offline: { silent: true, traits: CHOSEN },
};
