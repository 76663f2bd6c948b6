// What the traits hold before Python has said anything, and what "reset to defaults" means.
import type { Backlog, Generation, Selection, Status } from "./protocol.gen";

export const DEFAULT_GENERATION: Readonly<Generation> = {
  max_new_tokens: 60,
  temperature: 0,
  top_p: 1,
  top_k: 0,
  repetition_penalty: 1,
  seed: 0,
  stop: [],
  chat: false,
};

export const EMPTY_SELECTION: Readonly<Selection> = {
  edits: [],
  layout: "separate",
  baseline: true,
  samples: 1,
  grid_strengths: [],
  sweep_start: 0,
  sweep_stop: 0,
  n_sweep_steps: 5,
  control: false,
  master: 1,
};

export const UNKNOWN_STATUS: Readonly<Status> = {
  worker: "stopped",
  loading: null,
  model: null,
  saes: [],
  methods: [],
  measures: [],
  n_labels: 0,
  pid: null,
  load_s: null,
  n_memory_bytes: null,
  speed: null,
  error: null,
  history_problem: null,
  tasks: [],
};

export const NOTHING_LEFT: Readonly<Backlog> = { n_runs: 0, n_waiting: 0, n_tokens_left: 0, eta_s: null };
