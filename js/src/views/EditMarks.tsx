import { scheduleHint, scheduleWords } from "../positions";
import type { Edit } from "../protocol.gen";
import { SKIPS_SPECIAL } from "../steering";

function Mark({ words, hint, testId }: { words: string; hint: string; testId: string }) {
  return (
    <span class="sw-badge" title={hint} data-testid={testId}>
      {words}
      <span class="sw-hidden">. {hint}</span>
    </span>
  );
}

/** What was set in Python and has no control on the page; it stays whatever else is changed here. */
export function EditMarks({ edit }: { edit: Edit }) {
  const { schedule, skip_special } = edit;
  const when = scheduleWords(schedule);
  if (when === "" && skip_special === null) return null;
  return (
    <span class="sw-marks">
      {schedule !== null && when !== "" && (
        <Mark words={when} hint={scheduleHint(schedule)} testId="sw-schedule" />
      )}
      {skip_special !== null && (
        <Mark
          words={skip_special ? SKIPS_SPECIAL : "also on special tokens"}
          hint={`Special tokens, such as the one a text begins with and the marks of a chat, are ${
            skip_special ? "left as they are" : "steered like the others"
          }. Set in Python.`}
          testId="sw-skip-special"
        />
      )}
    </span>
  );
}
