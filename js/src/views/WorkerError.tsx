import { useState } from "preact/hooks";
import { describe } from "../errors";
import { useView } from "../page";
import type { ErrorInfo, Log } from "../protocol.gen";
import { Disclosure } from "./Disclosure";
import { ErrorBox, fullText } from "./ErrorBox";
import { FullText } from "./FullText";

/** The trait has no log, since notebooks may save it: it is asked for when somebody looks. */
type Asked = Log | ErrorInfo | "asked" | null;

function words(error: ErrorInfo, asked: Asked): string {
  if (asked === null || asked === "asked") return `${fullText(error)}\n\nAsking for the log…`;
  if ("kind" in asked) return `${fullText(error)}\n\nThe log could not be had: ${fullText(asked)}`;
  const then = fullText({ ...error, details: asked.error });
  if (asked.tail === "" || asked.error.includes(asked.tail.trim())) return then;
  return `${then}\n\nThe worker's log now:\n${asked.tail}`;
}

/** Why the worker failed or died, with its log one click away. */
export function WorkerError({ error }: { error: ErrorInfo }) {
  const { actions } = useView();
  const [asked, say] = useState<Asked>(null);
  const ask = async () => {
    say("asked");
    say(await actions.askLog().catch(describe));
  };
  return (
    <ErrorBox error={error} testId="sw-status-error">
      <Disclosure testId="sw-status-error-details" onOpen={() => void ask()}>
        <FullText text={words(error, asked)} what="the error and the log" testId="sw-worker-log" />
      </Disclosure>
    </ErrorBox>
  );
}
