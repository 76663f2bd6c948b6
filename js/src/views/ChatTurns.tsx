import { useView } from "../page";
import { nextRole } from "../prompts";
import type { Message } from "../protocol.gen";
import { Button } from "./Button";
import { Choice } from "./Choice";
import { IconButton } from "./IconButton";
import { PromptText } from "./PromptText";

const ROLES = ["system", "user", "assistant"];

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  system: "What the model is told before the conversation",
  user: "What the user says",
  assistant: "What the model has said",
};

interface Props {
  turns: readonly Message[];
  index: number;
  onChange: (turns: Message[]) => void;
}

/** A prompt of turns: who says it and what. */
export function ChatTurns({ turns, index, onChange }: Props) {
  const { id } = useView();
  const set = (at: number, change: Partial<Message>) =>
    onChange(turns.map((turn, i) => (i === at ? { ...turn, ...change } : turn)));
  const label = `Prompt ${index + 1}`;
  return (
    <div class="sw-chat">
      {turns.map((turn, at) => (
        <div class="sw-turn" key={at} role="group" aria-label={`${label}, turn ${at + 1}`}>
          <Choice
            label={`Role of turn ${at + 1} of prompt ${index + 1}`}
            class="sw-role"
            value={turn.role}
            options={[...new Set([...ROLES, turn.role])]}
            testId={`sw-prompt-${index}-role-${at}`}
            onChange={(role) => set(at, { role })}
          />
          <PromptText
            text={turn.content}
            label={`${label}, ${turn.role}`}
            placeholder={PLACEHOLDERS[turn.role] ?? ""}
            path={`prompt/${index}`}
            index={index}
            testId={`sw-prompt-${index}-turn-${at}`}
            onText={(content) => set(at, { content })}
          />
          {turns.length > 1 && (
            <IconButton
              icon="close"
              label={`Remove turn ${at + 1} of prompt ${index + 1}`}
              testId={`sw-prompt-${index}-remove-turn-${at}`}
              onPress={() => onChange(turns.filter((_, i) => i !== at))}
            />
          )}
        </div>
      ))}
      <div class="sw-turn-tools" id={id(`turns-${index}`)}>
        <Button
          kind="link"
          icon="plus"
          testId={`sw-prompt-${index}-add-turn`}
          onPress={() => onChange([...turns, { role: nextRole(turns), content: "" }])}
        >
          Add {nextRole(turns)} turn
        </Button>
        {turns[0]?.role !== "system" && (
          <Button
            kind="link"
            icon="plus"
            testId={`sw-prompt-${index}-add-system`}
            onPress={() => onChange([{ role: "system", content: "" }, ...turns])}
          >
            Add system turn
          </Button>
        )}
      </div>
    </div>
  );
}
