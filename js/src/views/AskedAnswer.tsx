import type { Answer, Result } from "../asked";
import { short, shortSigned } from "../numbers";
import { useView } from "../page";
import type { PageCommand } from "../protocol.gen";
import { scoredOf } from "../scored";
import { Button } from "./Button";
import { ErrorLine } from "./ErrorLine";
import { FeatureList } from "./FeatureList";
import { LensTokens } from "./LensTokens";

/** Of all features of the embedded SAE one in ten has more than 0.035, one in a hundred more than 0.5. */
const HIGH_SCORE = 0.1;
const SOME_SCORE = 0.01;

/** What an output score means. */
export function scoreWords(score: number | null | undefined): string {
  if (score == null) return "It has no logit lens, so it has no output score.";
  const words =
    score >= HIGH_SCORE
      ? "amplified, it brings its own tokens forth: such features steer well."
      : score >= SOME_SCORE
        ? "amplified, its own tokens become likelier, but others stay ahead."
        : "amplified, its own tokens hardly come: it reads more than it writes, and steering by it may show little.";
  return `${short(score)}: ${words}`;
}

/** What is said of lists of features, by the question. */
const LISTED: Partial<Record<PageCommand["type"], Listed>> & { readonly other: Listed } = {
  FindAt: {
    words: short,
    caption: "Activation; what is most surprising comes first.",
    nothing: "No feature fires here. Special tokens and sinks are left out.",
  },
  FindContrast: {
    words: shortSigned,
    caption: "Effect: + fires more on the first, − on the second.",
    nothing: "No feature tells them apart.",
  },
  other: { words: short, caption: "", nothing: "No feature was found." },
};

interface Listed {
  readonly words: (value: number) => string;
  readonly caption: string;
  readonly nothing: string;
}

interface Props {
  command: PageCommand;
  answer: Answer;
  /** What is shown while it is waited for. */
  waiting: string;
  testId: string;
}

/** What came of a question: that it is waited for, why it failed, or its answer. */
export function AskedAnswer({ command, answer: { error, result }, waiting, testId }: Props) {
  const { asked } = useView();
  if (error !== null)
    return (
      <div class="sw-tools">
        <ErrorLine error={error} testId={`${testId}-error`} />
        <Button kind="link" icon="retry" testId={`${testId}-again`} onPress={() => void asked.ask(command)}>
          Try again
        </Button>
      </div>
    );
  if (result === null)
    return (
      <p class="sw-quiet" role="status" data-testid={`${testId}-waiting`}>
        {waiting}
      </p>
    );
  return <Drawn command={command} result={result} testId={testId} />;
}

function Drawn({ command, result, testId }: { command: PageCommand; result: Result; testId: string }) {
  if (result.type === "LensRead")
    return (
      <div class="sw-lenses" data-testid={testId}>
        <LensTokens title="Raises" tokens={result.up} testId={`${testId}-up`} />
        <LensTokens title="Lowers" tokens={result.down} testId={`${testId}-down`} />
      </div>
    );
  if (result.type === "OutputScored") return <p data-testid={testId}>{scoreWords(result.scores[0])}</p>;
  const { words, caption, nothing } = LISTED[command.type] ?? LISTED.other;
  const items = scoredOf(result, "sae" in command ? command.sae : "");
  return (
    <>
      {items.length > 0 && caption !== "" && <p class="sw-quiet">{caption}</p>}
      <FeatureList items={items} words={words} nothing={nothing} testId={testId} />
    </>
  );
}
