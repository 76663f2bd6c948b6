import { bytes, duration, short, whole } from "../numbers";
import type { ModelInfo, SaeInfo, Status } from "../protocol.gen";

type Fact = readonly [name: string, value: string];

const modelFacts = (model: ModelInfo): Fact[] => [
  ["Name", model.name],
  ["Architecture", model.architecture],
  ["Layers", whole(model.n_layers)],
  ["Parameters", whole(model.n_parameters)],
  ["Width of the residual stream", whole(model.d_model)],
  ["Vocabulary", `${whole(model.d_vocab)} tokens`],
  ["Context", `${whole(model.context)} tokens`],
  ["Device and precision", `${model.device}, ${model.dtype.replace("torch.", "")}`],
  ["Chat template", model.has_chat_template ? "yes" : "none"],
];

const saeFacts = (sae: SaeInfo): Fact[] => [
  ["Name", sae.name],
  ["Architecture", sae.architecture],
  ["Features", whole(sae.d_sae)],
  ["Hook point", sae.hook_name],
  ["Median norm there", short(sae.residual_norm)],
  ...(sae.neuronpedia_id === "" ? [] : [["Neuronpedia", sae.neuronpedia_id] as const]),
];

function processFacts({ pid, load_s, n_memory_bytes, speed, model }: Status): Fact[] {
  const where = model?.device.startsWith("cuda") ? "on the GPU" : "in memory";
  return [
    ...(pid === null ? [] : [["Process", String(pid)] as const]),
    ...(load_s === null ? [] : [["Loaded in", duration(load_s)] as const]),
    ...(n_memory_bytes === null ? [] : [["Holds", `${bytes(n_memory_bytes)} ${where}`] as const]),
    ...(speed === null
      ? []
      : [
          ["First token after", `${Math.round(speed.first_s * 1000)} ms`] as const,
          [
            "Writes",
            `${short(1 / (speed.step_s + speed.row_s))} tokens/s alone, ` +
              `${short(16 / (speed.step_s + 16 * speed.row_s))} in 16 cells together`,
          ] as const,
        ]),
  ];
}

function Facts({ title, facts, testId }: { title: string; facts: readonly Fact[]; testId: string }) {
  if (facts.length === 0) return null;
  return (
    <section class="sw-facts-table" data-testid={testId}>
      <h3>{title}</h3>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd dir="auto">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** What is loaded, and what it takes. */
export function WorkerFacts({ status }: { status: Status }) {
  return (
    <div class="sw-worker-facts">
      <Facts title="Process" facts={processFacts(status)} testId="sw-process-facts" />
      {status.model !== null && (
        <Facts title="Model" facts={modelFacts(status.model)} testId="sw-model-facts" />
      )}
      {status.saes.map((sae) => (
        <Facts key={sae.name} title="SAE" facts={saeFacts(sae)} testId="sw-sae-facts" />
      ))}
    </div>
  );
}
