import type { RunView } from "../protocol.gen";
import { ErrorBox } from "./ErrorBox";

/** What is said before the error of a run that did not fail; undefined for one that did. */
function noticeOf(run: RunView): string | undefined {
  switch (run.state) {
    case "done":
      return "All texts are complete; some of their measures are missing.";
    case "stopped":
      return run.error?.kind === "TimeLimit"
        ? "The run reached its time limit."
        : "The run was stopped; texts so far are kept.";
    default:
      return undefined;
  }
}

/** What went wrong with the run as a whole: a failure, or a notice where its texts are there. */
export function RunError({ run }: { run: RunView }) {
  if (run.error === null) return null;
  const notice = noticeOf(run);
  return <ErrorBox error={run.error} testId="sw-run-error" {...(notice !== undefined && { notice })} />;
}
