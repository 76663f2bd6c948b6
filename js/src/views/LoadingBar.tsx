import { useRef } from "preact/hooks";
import { padded } from "../numbers";
import { useView } from "../page";
import type { Loading, LoadStage } from "../protocol.gen";
import { useSeconds } from "../seconds";
import { SteadyTime, timeLeft } from "../steady";
import { Meter } from "./Meter";

const STAGE: Readonly<Record<LoadStage, string>> = {
  start: "starting the worker",
  download: "fetching the model",
  convert: "converting the model",
  import: "importing PyTorch",
  model: "reading the model",
  sae: "reading the SAE",
  check: "checking the hook",
};

/** How far loading is: stage, percent, seconds so far, and time left where it can be told. */
export function LoadingBar({ loading }: { loading: Loading | null }) {
  const { store } = useView();
  const nowS = useSeconds(true);
  const steady = useRef(new SteadyTime());
  const passedS = store.loading.passedS(nowS);
  const leftS = steady.current.show(store.loading.leftS(nowS), nowS);
  const fraction = loading?.fraction ?? null;
  return (
    <div class="sw-loading" data-testid="sw-loading">
      <Meter label="Loading the model" fraction={fraction} />
      <div class="sw-progress-words">
        <span class="sw-quiet">
          {loading === null ? STAGE.start : loading.message || STAGE[loading.stage]}
        </span>
        <span class="sw-facts">
          {fraction !== null && <span class="sw-fact">{padded(Math.floor(fraction * 100), 100)} %</span>}
          {passedS !== null && <span class="sw-fact">{padded(Math.floor(passedS), 10)} s so far</span>}
          {leftS !== null && <span class="sw-fact">about {timeLeft(leftS)} left</span>}
        </span>
      </div>
    </div>
  );
}
