import type { ColumnWords } from "../columns";
import { FLAGS, flagsOf } from "../flags";
import { count } from "../numbers";
import { useView } from "../page";
import type { Flag, RunView } from "../protocol.gen";
import { cellsUnder, meanOfCells, SUMMARY } from "../summary";
import { Missing } from "./Missing";
import { Swatch } from "./Swatch";

/** Flags of a column's texts, each with how many have it where there are several texts. */
function flagWords(run: RunView, cells: readonly number[]): string {
  const found = new Map<Flag, number>();
  for (const cell of cells.flatMap((at) => run.cells[at] ?? []).filter(({ state }) => state === "done"))
    for (const flag of flagsOf(cell)) found.set(flag, (found.get(flag) ?? 0) + 1);
  return [...found].map(([flag, n]) => FLAGS[flag].name + (cells.length > 1 ? ` × ${n}` : "")).join(", ");
}

interface Props {
  run: RunView;
  columns: readonly ColumnWords[];
}

/** All measures of each column, over all its prompts and samples. */
export function SummaryTable({ run, columns }: Props) {
  const { store, results, id } = useView();
  const nTexts = run.prompts.length * run.samples;
  const infos = SUMMARY.filter(
    (info) => info.id !== "flags" && (info.id !== "similarity" || meanOfCells(info, run.cells).n > 0),
  );
  return (
    <div class="sw-data" role="region" aria-labelledby={id("summary-table")}>
      <table data-testid="sw-summary-table">
        <caption id={id("summary-table")} class={nTexts > 1 ? "" : "sw-hidden"}>
          {nTexts > 1 ? `Means over ${count(nTexts, "text")} of each column` : "Measures of each column"}
        </caption>
        <thead>
          <tr>
            <th scope="col">Column</th>
            {infos.map(({ id: measure, name, hint }) => (
              <th key={measure} scope="col" title={hint}>
                {name}
              </th>
            ))}
            <th scope="col">Flags</th>
          </tr>
        </thead>
        <tbody>
          {columns.map(({ label, strength, whole }, column) => {
            const cells = cellsUnder(run, [column]);
            const colour = store.colours.ofFirst(run.steerings[column]?.edits ?? []);
            const flags = flagWords(run, cells);
            return (
              <tr key={column} data-colour={colour}>
                <th scope="row" title={whole}>
                  <button
                    type="button"
                    class="sw-table-column"
                    data-testid={`sw-summary-column-${column}`}
                    aria-label={`${whole}: show the text`}
                    onClick={() => results.showCell(cells[0] ?? 0)}
                  >
                    <Swatch />
                    <span class="sw-heat-label" dir="auto">
                      {label}
                    </span>
                    <span class="sw-strength">{strength}</span>
                  </button>
                </th>
                {infos.map((info) => {
                  const { value, n } = meanOfCells(
                    info,
                    cells.map((cell) => run.cells[cell]),
                  );
                  const of = n < nTexts && n > 0 ? `of ${n} of ${nTexts} texts` : undefined;
                  return (
                    <td key={info.id} title={of}>
                      {value === null ? <Missing /> : info.words(value)}
                    </td>
                  );
                })}
                <td class="sw-table-flags" data-none={flags === ""}>
                  {flags || (cells.some((cell) => run.cells[cell]?.state === "done") ? "none" : <Missing />)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
