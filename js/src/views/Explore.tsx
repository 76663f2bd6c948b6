import { useEffect } from "preact/hooks";
import { useView } from "../page";
import type { PageCommand, Steerable } from "../protocol.gen";
import { AskedAnswer } from "./AskedAnswer";
import { Disclosure } from "./Disclosure";

const N_TOKENS = 12;
const N_FEATURES = 12;

interface Question {
  readonly words: string;
  readonly hint: string;
  readonly command: PageCommand;
}

/** What can be asked of a direction; a feature alone fires, and has an output score. */
function questionsOf(given: Steerable): readonly Question[] {
  // What it is called makes no other question of it.
  const direction = given.kind === "feature" ? { ...given, label: "" } : given;
  const questions: Question[] = [
    {
      words: "Logit lens",
      hint: "The tokens that it raises and lowers most if it is read out directly, through the final norm.",
      command: { type: "ReadLens", direction, k: N_TOKENS },
    },
    {
      words: "Neighbours",
      hint: "Features that point the same way, by the cosine of their decoder rows.",
      command: { type: "FindNeighbours", direction, limit: N_FEATURES },
    },
  ];
  if (direction.kind === "feature")
    questions.push(
      {
        words: "Fires together with",
        hint: "Features that fire on the same tokens.",
        command: { type: "FindTogether", feature: direction, limit: N_FEATURES },
      },
      {
        words: "Output score",
        hint: "How much the feature, amplified, brings its own tokens forth (arXiv 2505.20063).",
        command: { type: "ScoreOutput", features: [direction] },
      },
    );
  return questions;
}

interface Props {
  direction: Steerable;
  /** Whether its tokens are shown already. */
  hasLens: boolean;
}

/** What a direction writes and which features are like it: asked when it is opened. */
export function Explore({ direction, hasLens }: Props) {
  const { asked } = useView();
  const questions = questionsOf(direction);
  const [lens] = questions;
  useEffect(() => {
    if (!hasLens && lens !== undefined) void asked.ask(lens.command);
  }, [asked, hasLens, JSON.stringify(lens?.command)]);
  return (
    <div class="sw-explore">
      {questions.map(({ words, hint, command }, i) => {
        const testId = `sw-ask-${command.type}`;
        return (
          <Disclosure
            key={words}
            testId={testId}
            words={words}
            isOpen={i === 0 && !hasLens}
            onOpen={() => void asked.ask(command)}
          >
            <p class="sw-quiet">{hint}</p>
            <AskedAnswer
              command={command}
              answer={asked.of(command)}
              waiting="Reading…"
              testId={`${testId}-answer`}
            />
          </Disclosure>
        );
      })}
    </div>
  );
}
