import type { CellContext } from "../context";
import { short } from "../numbers";
import { useView } from "../page";
import type { Alternative, TokenMeasures } from "../protocol.gen";
import { featuresOf } from "../run_features";
import { colourInfo } from "../token_words";
import { featureKey } from "../tokens";
import { TokenText } from "./TokenText";

interface Props {
  token: HTMLElement;
  id: string;
  style: Record<string, string>;
}

const MAX_ALTERNATIVES = 6;

const share = (p: number): string => (p > 0 && p < 0.001 ? "<0.1 %" : `${(100 * p).toFixed(1)} %`);

/** A token's values, and the tokens that could have come instead. */
export function TokenTip({ token, id, style }: Props) {
  const { results } = useView();
  const box = token.closest<HTMLElement>(".sw-text");
  const [run, cell, at] = [
    box?.dataset["run"] ?? "",
    Number(box?.dataset["cell"]),
    Number(token.dataset["token"]),
  ];
  const context = results.find(run, cell);
  const held = context && results.tokens.held(run, context.cell);
  if (context === null || typeof held !== "object" || held === null) return null;
  const alternatives = held.alternatives[at]?.slice(0, MAX_ALTERNATIVES) ?? [];
  return (
    <div class="sw-tip" role="tooltip" id={id} style={style} data-testid="sw-token-tip">
      <p class="sw-tip-token">
        <bdi>
          <TokenText text={held.texts[at] ?? ""} />
        </bdi>
      </p>
      <Values context={context} at={at} tokens={held} />
      {alternatives.length > 0 ? (
        <Alternatives alternatives={alternatives} text={held.texts[at] ?? ""} />
      ) : (
        <p class="sw-quiet">What could have come instead was not measured.</p>
      )}
    </div>
  );
}

function Values({ context, at, tokens }: { context: CellContext; at: number; tokens: TokenMeasures }) {
  const { store, results } = useView();
  const { colourBy, feature } = results.tokens;
  const names = featuresOf([context], store);
  const by = colourBy.value;
  const rows = (["kl", "surprise"] as const).flatMap((one) => {
    const value = tokens[one][at];
    const { one: name, unit } = colourInfo(one);
    return value === undefined ? [] : [{ name, value: `${short(value)} ${unit}`, isOn: by === one }];
  });
  const fires = context.cell.measures.activations.flatMap((one, i) => {
    const value = tokens.activations[i]?.[at];
    const isOn = by === "activation" && (feature.value === "" ? i === 0 : featureKey(one) === feature.value);
    const name = names.find(({ key }) => key === featureKey(one))?.name ?? `feature ${one.index}`;
    return value === undefined ? [] : [{ name, value: short(value), isOn }];
  });
  return (
    <dl class="sw-tip-values">
      {[...rows, ...fires].map(({ name, value, isOn }, i) => (
        <div key={i} data-on={isOn}>
          <dt dir="auto">{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Alternatives({ alternatives, text }: { alternatives: readonly Alternative[]; text: string }) {
  return (
    <table class="sw-tip-table">
      <thead>
        <tr>
          <th scope="col">could have come</th>
          <th scope="col">steered</th>
          <th scope="col">unsteered</th>
        </tr>
      </thead>
      <tbody>
        {alternatives.map((one) => (
          <tr key={one.token_id} data-on={one.text === text}>
            <th scope="row">
              <bdi>
                <TokenText text={one.text} />
              </bdi>
              {one.text === text && <span class="sw-quiet"> came</span>}
            </th>
            <td style={{ "--sw-share": `${100 * one.steered}%` }}>{share(one.steered)}</td>
            <td style={{ "--sw-share": `${100 * one.unsteered}%` }}>{share(one.unsteered)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
