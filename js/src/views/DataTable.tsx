import { useState } from "preact/hooks";
import { Disclosure } from "./Disclosure";
import { Missing } from "./Missing";

interface Props {
  testId: string;
  caption: string;
  head: readonly string[];
  /** Asked for once it is opened; "" is a value that is missing. */
  rows: () => readonly (readonly string[])[];
}

/** The numbers of a chart, for whoever reads rather than looks. */
export function DataTable({ testId, caption, head, rows }: Props) {
  const [isOpen, open] = useState(false);
  return (
    <Disclosure testId={testId} words="Data table" onOpen={() => open(true)}>
      {isOpen && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard
        <div class="sw-data" tabIndex={0} role="region" aria-label={caption}>
          <table>
            <caption class="sw-hidden">{caption}</caption>
            <thead>
              <tr>
                {head.map((words, i) => (
                  <th key={i} scope="col" title={words}>
                    {words}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows().map((row, i) => (
                <tr key={i}>
                  {row.map((words, column) =>
                    column === 0 ? (
                      <th key={column} scope="row" title={words}>
                        {words}
                      </th>
                    ) : (
                      <td key={column}>{words === "" ? <Missing /> : words}</td>
                    ),
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Disclosure>
  );
}
