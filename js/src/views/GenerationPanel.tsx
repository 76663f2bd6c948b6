import { DEFAULT_GENERATION } from "../defaults";
import { count, type NumberRule } from "../numbers";
import { useView } from "../page";
import type { Generation } from "../protocol.gen";
import { FieldError } from "./FieldError";
import { Icon } from "./Icon";
import { NumberBox } from "./NumberBox";

type NumberField = "max_new_tokens" | "temperature" | "top_p" | "top_k" | "repetition_penalty" | "seed";

interface Setting extends NumberRule {
  readonly field: NumberField;
  readonly name: string;
  readonly hint: string;
  readonly step: number;
}

const SETTINGS: readonly Setting[] = [
  {
    field: "max_new_tokens",
    name: "New tokens",
    hint: "at most, per cell",
    whole: true,
    step: 10,
    allowed: "a whole number from 1 up",
  },
  {
    field: "temperature",
    name: "Temperature",
    hint: "0 is greedy",
    whole: false,
    step: 0.1,
    allowed: "0 (greedy) or above",
  },
  {
    field: "top_p",
    name: "Top-p",
    hint: "1 is off",
    whole: false,
    step: 0.05,
    allowed: "above 0, at most 1 (1 is off)",
  },
  {
    field: "top_k",
    name: "Top-k",
    hint: "0 is off",
    whole: true,
    step: 10,
    allowed: "a whole number from 0 up",
  },
  {
    field: "repetition_penalty",
    name: "Repetition penalty",
    hint: "1 is off",
    whole: false,
    step: 0.05,
    allowed: "above 0 (1 is off)",
  },
  {
    field: "seed",
    name: "Seed",
    hint: "same seed, same texts",
    whole: true,
    step: 1,
    allowed: "a whole number from 0 to 9007199254740991",
  },
];

export function summary(g: Generation): string {
  const sampled = g.temperature > 0;
  return [
    count(g.max_new_tokens, "token"),
    sampled ? `temperature ${g.temperature}` : "greedy",
    ...(sampled && g.top_p < 1 ? [`top-p ${g.top_p}`] : []),
    ...(sampled && g.top_k > 0 ? [`top-k ${g.top_k}`] : []),
    ...(g.repetition_penalty !== 1 ? [`repetition ${g.repetition_penalty}`] : []),
    ...(sampled ? [`seed ${g.seed}`] : []),
    ...(g.stop.length > 0 ? [count(g.stop.length, "stop text")] : []),
    ...(g.chat ? ["chat template"] : []),
  ].join(" · ");
}

export function GenerationPanel() {
  const { store, actions, id } = useView();
  const { ui } = store;
  const generation = store.generation.value.value;
  const open = ui.generationOpen.value;
  const troubled = Object.keys(store.fieldErrors.value).some((field) => field.startsWith("generation/"));
  const shown = open || troubled; // an error is never behind a closed door
  return (
    <section class="sw-generation">
      <button
        type="button"
        class="sw-disclosure"
        aria-expanded={shown}
        aria-controls={id("generation")}
        data-testid="sw-gen-toggle"
        onClick={() => {
          ui.generationOpen.value = !open;
        }}
      >
        <Icon name="chevron" />
        <span>Generation</span>
        <span class="sw-quiet">{summary(generation)}</span>
      </button>
      <div id={id("generation")} class="sw-settings" hidden={!shown}>
        {SETTINGS.map((setting) => (
          <div class="sw-setting" key={setting.field}>
            <span class="sw-setting-name" id={id(setting.field)}>
              {setting.name}
            </span>
            <NumberBox
              path={`generation/${setting.field}`}
              rule={setting}
              label={setting.name}
              labelledBy={id(setting.field)}
              value={generation[setting.field]}
              step={setting.step}
              testId={`sw-gen-${setting.field}`}
              onChange={(value) => actions.setGeneration({ [setting.field]: value })}
            />
            <span class="sw-hint">{setting.hint}</span>
            <FieldError field={`generation/${setting.field}`} testId={`sw-field-error-${setting.field}`} />
          </div>
        ))}
        <StopTexts />
        <div class="sw-setting sw-setting-chat">
          <label class="sw-check">
            <input
              type="checkbox"
              checked={generation.chat}
              data-testid="sw-gen-chat"
              onChange={(event) => actions.setGeneration({ chat: event.currentTarget.checked })}
            />
            Chat template
          </label>
          <span class="sw-hint">
            {store.status.value.model?.has_chat_template === false
              ? "this model has none"
              : "the prompt is asked as one user turn"}
          </span>
          <FieldError field="generation/chat" testId="sw-field-error-chat" />
          <button
            type="button"
            class="sw-link"
            data-testid="sw-gen-reset"
            onClick={() => actions.resetGeneration({ ...DEFAULT_GENERATION })}
          >
            Reset to defaults
          </button>
        </div>
      </div>
    </section>
  );
}

/** One stop text per line; empty lines are no stop texts, but stay while they are typed. */
function StopTexts() {
  const { store, actions, id } = useView();
  const path = "generation/stop";
  const text = store.ui.drafts.value[path] ?? store.generation.value.value.stop.join("\n");
  return (
    <div class="sw-setting sw-setting-stop">
      <label class="sw-setting-name" for={id("stop")}>
        Stop texts
      </label>
      <textarea
        id={id("stop")}
        class="sw-input"
        rows={2}
        spellcheck={false}
        value={text}
        data-testid="sw-gen-stop"
        onInput={(event) => {
          const typed = event.currentTarget.value;
          store.ui.draft(path, typed);
          actions.setGeneration({ stop: typed.split("\n").filter((line) => line !== "") });
        }}
        onBlur={() => store.ui.draft(path, null)}
      />
      <span class="sw-hint">one a line; a text ends where one appears</span>
      <FieldError field={path} testId="sw-field-error-stop" />
    </div>
  );
}
