// Copies of a run in the outputs of a notebook.
import { expect, test } from "vitest";
import { renewCopies } from "../src/copies";

const copy = {
  type: "StaticCopy",
  mark: "sw-1",
  bundle: { "text/html": "<p class='sw-1'>new", "text/plain": "new" },
} as const;

/** A notebook as JupyterLab hands it to widgets, of the HTML of outputs by cell; null: no code. */
function notebook(cells: readonly (readonly unknown[] | null)[]) {
  const set: [number, number, unknown][] = [];
  const models = cells.map((outputs, cell) =>
    outputs === null
      ? {}
      : {
          outputs: {
            length: outputs.length,
            get: (at: number) => ({ data: { "text/html": outputs[at] } }),
            set: (at: number, output: unknown) => set.push([cell, at, output]),
          },
        },
  );
  return { set, manager: { context: { model: { cells: models } } } };
}

test("older copies of the same widget are replaced, and nothing else", () => {
  const { set, manager } = notebook([
    null,
    ["<p>other", undefined, "<p class='sw-1'>old"],
    ["<p class='sw-2'>of another", copy.bundle["text/html"]],
  ]);
  renewCopies(manager, copy);
  expect(set).toEqual([[1, 2, { output_type: "display_data", data: copy.bundle, metadata: {} }]]);
});

test("hosts without a notebook are left alone", () => {
  for (const manager of [undefined, null, {}, { context: null }, { context: { model: {} } }])
    expect(() => renewCopies(manager, copy)).not.toThrow();
});
