import { clipped } from "../clipped";
import type { Difference } from "../comparison";
import { Missing } from "./Missing";

const MAX_CHARS = 300;

/** Settings that differ, each with what it is in either run. */
export function DifferenceTable({ differences }: { differences: readonly Difference[] }) {
  if (differences.length === 0)
    return (
      <p class="sw-quiet" data-testid="sw-differences">
        Both runs were made with the same settings.
      </p>
    );
  const words = (text: string) => (text === "" ? <Missing /> : clipped(text, MAX_CHARS));
  return (
    <table class="sw-differences" data-testid="sw-differences">
      <caption class="sw-hidden">Settings that differ</caption>
      <thead>
        <tr>
          <th scope="col">Differs</th>
          <th scope="col">Older</th>
          <th scope="col">Newer</th>
        </tr>
      </thead>
      <tbody>
        {differences.map(({ name, left, right }, i) => (
          <tr key={i}>
            <th scope="row">{name}</th>
            <td dir="auto">{words(left)}</td>
            <td dir="auto">{words(right)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
