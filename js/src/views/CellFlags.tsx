import { FLAGS } from "../flags";
import type { Flag } from "../protocol.gen";
import { Icon } from "./Icon";

/** Reasons to distrust a text, each in a word. */
export function CellFlags({ flags }: { flags: readonly Flag[] }) {
  return (
    <>
      {flags.map((flag) => {
        const { name, icon, means } = FLAGS[flag];
        return (
          <span key={flag} class="sw-flag" title={means} data-testid={`sw-flag-${flag}`}>
            <Icon name={icon} />
            {name}
            <span class="sw-hidden">. {means}</span>
          </span>
        );
      })}
    </>
  );
}
