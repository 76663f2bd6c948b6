// How long loading has taken and may still take, as far as the page can tell.
import type { LoadStage, Status } from "./protocol.gen";

/** Further than this, a page that sees loading for the first time has not seen it begin. */
const FRESH_FRACTION = 0.1;
/** Seconds and steps in which a stage must have moved before its speed says anything. */
const MIN_SEEN_S = 2;
const MIN_STEPS = 4;

interface StageSeen {
  readonly stage: LoadStage;
  readonly sinceS: number;
  readonly from: number;
  at: number;
  nSteps: number;
}

/** Watches the status; the caller brings the clock, in seconds. */
export class LoadingClock {
  #sinceS: number | null = null;
  #isOn = false;
  #isKnown = false;
  /** Seconds the last loading took. */
  #lastS: number | null = null;
  #stage: StageSeen | null = null;

  observe({ worker, loading, load_s }: Status, nowS: number): void {
    if (load_s !== null) this.#lastS = load_s;
    const isOn = worker === "loading";
    if (isOn && !this.#isOn) {
      this.#sinceS = this.#isKnown || (loading?.fraction ?? 0) < FRESH_FRACTION ? nowS : null;
      this.#stage = null;
    }
    this.#isOn = isOn;
    this.#isKnown = true;
    if (isOn && loading !== null && loading.fraction !== null)
      this.#follow(loading.stage, loading.fraction, nowS);
  }

  /** Seconds since it began; null where the page came later. */
  passedS(nowS: number): number | null {
    return this.#isOn && this.#sinceS !== null ? Math.max(0, nowS - this.#sinceS) : null;
  }

  /** Seconds to the end: from how long it took the last time, or from how fast a long stage moves. */
  leftS(nowS: number): number | null {
    const passedS = this.passedS(nowS);
    if (this.#lastS !== null && passedS !== null) {
      const leftS = this.#lastS - passedS;
      return leftS > 0 ? leftS : null;
    }
    const seen = this.#stage;
    if (seen === null || seen.nSteps < MIN_STEPS || nowS - seen.sinceS < MIN_SEEN_S) return null;
    return ((1 - seen.at) * (nowS - seen.sinceS)) / (seen.at - seen.from);
  }

  #follow(stage: LoadStage, fraction: number, nowS: number): void {
    const seen = this.#stage;
    if (seen === null || seen.stage !== stage)
      this.#stage = { stage, sinceS: nowS, from: fraction, at: fraction, nSteps: 0 };
    else if (fraction > seen.at) {
      seen.at = fraction;
      seen.nSteps += 1;
    }
  }
}
