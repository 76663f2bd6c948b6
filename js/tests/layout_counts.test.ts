// The page counts columns as the kernel makes them: both are held against one file, written by
// `python -m tests.unit.layouts`.
import { expect, test } from "vitest";
import cases from "../../tests/unit/data/layouts.json";
import { countColumns } from "../src/layout";
import type { Selection } from "../src/protocol.gen";

const MAX_COLUMNS = 1_000;

test.each(cases.map((one, number) => [number, one] as const))("selection %i", (_number, one) => {
  const n = countColumns(one.selection as Selection);
  if (one.refused === "selection") expect(n).toBeGreaterThan(MAX_COLUMNS);
  else if (one.refused === "grid_strengths") expect(n).toBe(one.selection.baseline ? 1 : 0);
  else expect(n).toBe(one.n_columns);
});
