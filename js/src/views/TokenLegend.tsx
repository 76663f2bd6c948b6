import { plainNumber } from "../numbers";
import { useView } from "../page";
import { colourInfo } from "../token_words";
import { Button } from "./Button";
import { ErrorBox } from "./ErrorBox";

/** What the colours of tokens mean: the scale with its ends and its unit. */
export function TokenLegend({ run }: { run: string }) {
  const { results } = useView();
  const { tokens } = results;
  const by = tokens.colourBy.value;
  const error = tokens.error.value;
  if (by === "nothing") return null;
  const { hint, unit } = colourInfo(by);
  const isOwn = by === "activation" && tokens.feature.value === "";
  return (
    <>
      <div class="sw-legend" data-colour-by={by} data-testid="sw-legend">
        <span
          class="sw-legend-scale"
          role="img"
          aria-label={`Scale from 0 to ${plainNumber(tokens.top(run))} ${unit}`}
        >
          <span>0</span>
          <span class="sw-legend-bar" aria-hidden />
          <span>
            {plainNumber(tokens.top(run))}
            {unit === "" ? "" : ` ${unit}`} and above
          </span>
        </span>
        <span class="sw-quiet">
          {hint}
          {isOwn && " Each column in its feature's own colour."}
        </span>
      </div>
      {error !== null && (
        <div class="sw-tools">
          <ErrorBox error={error} testId="sw-tokens-error" />
          <Button testId="sw-tokens-again" onPress={() => tokens.again()}>
            Try again
          </Button>
        </div>
      )}
    </>
  );
}
