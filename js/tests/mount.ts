// A whole widget in a test's document.
import { options } from "preact";
import { afterEach, vi } from "vitest";
import { EMPTY_SELECTION, UNKNOWN_STATUS } from "../src/defaults";
import widget from "../src/index";
import type { SaeInfo, SelectedEdit, Selection, Status, Vector } from "../src/protocol.gen";
import { cell, Host, runView, snapshot } from "./host";

// Effects come with the next timer: with a frame of their own they could come after what `settle` waits for.
options.requestAnimationFrame = (call) => {
  setTimeout(call);
};

export interface Mounted {
  host: Host;
  el: HTMLElement;
  /** Draws a second view of the same widget. */
  again(): HTMLElement;
  close(): void;
}

export async function mount(traits: Record<string, unknown> = {}, broken = false): Promise<Mounted> {
  const host = new Host({ status: READY, ...traits });
  host.broken = broken;
  const { initialize, render } = widget();
  const close = initialize({ model: host });
  const unmounts: (() => void)[] = [];
  const again = () => {
    const el = document.createElement("div");
    document.body.append(el);
    unmounts.push(render({ model: host, el }));
    return el;
  };
  const el = again();
  if (!broken) host.answer("Sync");
  await settle();
  return {
    host,
    el,
    again,
    close: () => {
      for (const unmount of unmounts) unmount();
      close();
      document.body.replaceChildren();
    },
  };
}

/** Lets effects and the next animation frame happen. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => requestAnimationFrame(resolve));
  await new Promise((resolve) => setTimeout(resolve, 5));
}

export const SAE: SaeInfo = {
  name: "demo",
  architecture: "jumprelu",
  d_in: 576,
  d_sae: 4608,
  hook_name: "blocks.15.hook_resid_post",
  layer: 15,
  residual_norm: 170,
  neuronpedia_id: "",
};

export const READY: Status = {
  ...UNKNOWN_STATUS,
  worker: "ready",
  methods: ["add"],
  n_labels: 4608,
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
};

export const edit = (
  index: number,
  strength = 70,
  label = `label ${index}`,
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

export const chosen = (...edits: SelectedEdit[]) => ({
  prompts: ["Yesterday I went for a walk and"],
  selection: { ...EMPTY_SELECTION, edits },
});

/** A direction of one's own, of length 10. */
export const VECTOR: Vector = {
  kind: "vector",
  values: btoa(String.fromCharCode(...new Uint8Array(new Float32Array(4).fill(5).buffer))),
  name: "polite",
  hook_name: "",
};

const opened: Mounted[] = [];
afterEach(() => {
  for (const page of opened.splice(0)) page.close();
});

/** A page with these rows, which is closed behind the test; `selection`: what else is chosen. */
export async function open(selection: Partial<Selection>, ...edits: SelectedEdit[]): Promise<Mounted> {
  const made = chosen(...edits);
  const page = await mount({ ...made, selection: { ...made.selection, ...selection } });
  opened.push(page);
  return page;
}

/** Python takes the nth selection that was sent; its rows. */
export async function taken({ host }: Pick<Mounted, "host">, n = 1): Promise<SelectedEdit[]> {
  await sent(host, "SetSelection", n);
  const { selection } = host.last("SetSelection").command;
  host.set("selection", selection);
  host.answer("SetSelection");
  await settle();
  return selection.edits;
}

export function find(el: HTMLElement, testId: string): HTMLElement | null {
  return el.querySelector<HTMLElement>(`[data-testid="${testId}"]`);
}

export function get<E extends HTMLElement = HTMLElement>(el: HTMLElement, testId: string): E {
  const found = find(el, testId);
  if (found === null) throw new Error(`${testId} is not drawn`);
  return found as E;
}

export async function press(el: HTMLElement, testId: string): Promise<void> {
  get(el, testId).click();
  await settle();
}

export async function type(el: HTMLElement, testId: string, text: string): Promise<void> {
  const box = get<HTMLInputElement>(el, testId);
  box.focus();
  box.value = text;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  await settle();
}

export async function key(el: HTMLElement, testId: string, name: string, init: KeyboardEventInit = {}) {
  get(el, testId).dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, ...init }));
  await settle();
}

/** Waits until a request of this kind was sent, counted from the start. */
export async function sent(host: Host, kind: Parameters<Host["of"]>[0], n = 1): Promise<void> {
  await vi.waitFor(() => {
    if (host.of(kind).length < n) throw new Error(`${host.of(kind).length} ${kind} sent, not ${n}`);
  });
}

/** Starts a run from the page and lets the kernel show it. */
export async function startRun({ host, el }: Mounted, id = "r1", nCells = 2): Promise<void> {
  await press(el, "sw-run");
  await sent(host, "Run");
  host.answer("Run", { type: "Started", run: id });
  host.say(snapshot(1, runView(id, nCells, { cells: Array.from({ length: nCells }, (_, i) => cell(i)) })));
  await settle();
}
