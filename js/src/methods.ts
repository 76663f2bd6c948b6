// Steering methods. Which there are, the worker says; of the known ones the page knows how they are dialled.
import { normOf, saeOf } from "./directions";
import type { Edit, SaeInfo, SelectedEdit } from "./protocol.gen";
import { type Known, startInUnit, startStrength } from "./strength";

/** push: a signed strength with a unit; factor: a multiple of what is there; none: no strength at all. */
export type DialKind = "push" | "factor" | "none";

interface MethodInfo {
  readonly dial: DialKind;
  readonly hint: string;
}

/** What an edit without a method does. */
const DEFAULT_METHOD = "add";
/** What a factor starts at: doubles what is there, or takes it away. */
const DOUBLED = 2;
const REMOVED = 0;

const KNOWN: Readonly<Record<string, MethodInfo>> = {
  add: {
    dial: "push",
    hint: "Adds strength × direction to the hidden state. 0 changes nothing, a negative strength pushes away.",
  },
  scale: {
    dial: "factor",
    hint: "Multiplies the feature where it fires. 1 changes nothing, 0 takes it out, 2 doubles it.",
  },
  clamp: {
    dial: "push",
    hint: "Sets the feature's activation to the strength on every steered token, whether it fires or not.",
  },
  cap: {
    dial: "push",
    hint: "Lets the hidden state go along the direction up to the strength and no further; a negative strength is a floor instead.",
  },
  orthogonal: {
    dial: "factor",
    hint: "Multiplies the part of the hidden state that lies along the direction. 1 changes nothing, 0 removes it.",
  },
  ablate: { dial: "none", hint: "Takes the feature out wherever it fires. Has no strength." },
};

export const methodOf = (edit: Edit): string => edit.method ?? DEFAULT_METHOD;

/** How a method is dialled; one that the page does not know has a strength like `add`. */
export const dialOf = (method: string): DialKind => KNOWN[method]?.dial ?? "push";

export const methodHint = (method: string): string => KNOWN[method]?.hint ?? method;

/** The worker's methods, known ones first and in the order above; one that only the edit names comes last. */
export function methodOptions(methods: readonly string[], current: string) {
  const known = Object.keys(KNOWN).filter((name) => methods.includes(name));
  const others = methods.filter((name) => KNOWN[name] === undefined);
  const missing = methods.includes(current) ? [] : [current];
  return [...known, ...others, ...missing].map((name) => ({ value: name, name, hint: methodHint(name) }));
}

export type Dialled = Pick<SelectedEdit, "strength" | "unit" | "more_strengths">;

/** What the reset button of a row's dial goes back to, in the unit it has. */
export function resetOf(edit: Edit, saes: readonly SaeInfo[], known: Known | undefined): number {
  return dialOf(methodOf(edit)) === "factor"
    ? DOUBLED
    : startInUnit(edit.feature, edit.unit ?? "raw", saeOf(edit.feature, saes), known);
}

/** Where the dial of a newly chosen method starts: the same kind of push where there is one. */
export function startOf(edit: Edit, method: string, saes: readonly SaeInfo[]): Dialled {
  switch (dialOf(method)) {
    case "none":
      return { strength: 0, unit: "raw", more_strengths: [] };
    case "factor": {
      const pushes = dialOf(methodOf(edit)) === "push" && edit.strength > 0;
      return { strength: pushes ? DOUBLED : REMOVED, unit: "raw", more_strengths: [] };
    }
    case "push":
      return {
        strength: startStrength(saeOf(edit.feature, saes), normOf(edit.feature)),
        unit: "raw",
        more_strengths: [],
      };
  }
}
