import { expect, test } from "vitest";
import { EMPTY_SELECTION } from "../src/defaults";
import { describe as describeError, place } from "../src/errors";
import { invalid } from "./host";
import { edit } from "./mount";

const selection = { ...EMPTY_SELECTION, edits: [edit(5, 70), edit(9999, 3), edit(5, -2)] };

test.each([
  [invalid("strength", "-2.0", "a finite number"), "strength/:5#1"],
  [invalid("feature", "9999", "0 to 4607"), "feature/:9999#0"],
  [invalid("feature", "77", "0 to 4607"), "search"],
  [invalid("unit", "'raw'", "raw, max_act, norm"), "unit/:5#0"],
  [invalid("samples", "0", "a whole number from 1 up"), "samples"],
  [invalid("temperature", "-1", "0 (greedy) or above"), "generation/temperature"],
  [invalid("stop", "['']", "a list of texts that are not empty"), "generation/stop"],
  [invalid("prompt", "''", "text that is not empty"), "prompt/1"],
  [invalid("prompt", "'third is lo…", "at most 8192 tokens"), "prompt/2"],
  [invalid("run", "running", "one run at a time"), ""],
  [{ ...invalid("", "", ""), kind: "WorkerDied" }, ""],
])("$field $value is shown at %s", (error, field) => {
  expect(place(error, selection, ["first", " ", "third is long"])).toBe(field);
});

test("whatever is thrown becomes an error with its story", () => {
  const error = describeError(new TypeError("no such thing"));
  expect(error.message).toContain("no such thing");
  expect(error.details).toContain("TypeError");
});
