// Numbers that are steady to look at: they go down as time passes, and up only where that means something.

/** At most one change in so many seconds. */
const MIN_SHOWN_S = 1;
/** Seconds after which an estimate counts 1/e. */
const MEMORY_S = 3;
/** Shares of the time left by which it differs much, or next to nothing. */
const LARGE_SHARE = 0.5;
const SMALL_SHARE = 0.15;
const MINUTE_S = 60;
const HOUR_S = 3600;

/** Step in which a time left is told: exact where it is short, coarse where it is long. */
function stepOf(seconds: number): number {
  if (seconds < 20) return 1;
  if (seconds < 90) return 5;
  if (seconds < 90 * MINUTE_S) return MINUTE_S;
  return 10 * MINUTE_S;
}

/** Rounded up: time left is an upper bound. */
function rounded(seconds: number): number {
  const step = stepOf(seconds);
  return Math.ceil(seconds / step) * step;
}

/** "45 s", "3 min", "2 h 10 min". */
export function timeLeft(seconds: number): string {
  const whole = rounded(Math.max(1, seconds));
  if (whole < 90) return `${whole} s`;
  const minutes = Math.ceil(whole / MINUTE_S);
  if (whole < 90 * MINUTE_S) return `${minutes} min`;
  return `${Math.floor(whole / HOUR_S)} h ${minutes % 60} min`;
}

/** A time left that counts down by itself and takes new estimates in without flickering. */
export class SteadyTime {
  #endS: number | null = null;
  #estimateS: number | null = null;
  #heardAtS = 0;
  #shownS: number | null = null;
  #changedAtS = Number.NEGATIVE_INFINITY;

  /** Seconds to show at `nowS`, given the last estimate; null where there is none. */
  show(estimateS: number | null, nowS: number): number | null {
    if (estimateS === null) {
      this.#endS = null;
      this.#estimateS = null;
      this.#shownS = null;
      return null;
    }
    if (estimateS !== this.#estimateS) {
      this.#estimateS = estimateS;
      this.#endS = this.#smoothed(nowS + estimateS, nowS);
      this.#heardAtS = nowS;
    }
    const leftS = Math.max(1, rounded((this.#endS ?? nowS) - nowS));
    if (
      this.#shownS === null ||
      (nowS - this.#changedAtS >= MIN_SHOWN_S && this.#isNews(leftS, this.#shownS))
    ) {
      this.#shownS = leftS;
      this.#changedAtS = nowS;
    }
    return this.#shownS;
  }

  /** Small differences are noise and count little by little; large ones are another truth. */
  #smoothed(endS: number, nowS: number): number {
    if (this.#endS === null || Math.abs(endS - this.#endS) > LARGE_SHARE * Math.max(1, this.#endS - nowS))
      return endS;
    return this.#endS + (endS - this.#endS) * (1 - Math.exp((this.#heardAtS - nowS) / MEMORY_S));
  }

  /** Down is how time goes; a little up is noise. */
  #isNews(leftS: number, shownS: number): boolean {
    return leftS < shownS || leftS > shownS + Math.max(2 * stepOf(shownS), SMALL_SHARE * shownS);
  }
}

/** A speed that is told anew only where it is another one: by a twentieth, and not all the time. */
export class SteadySpeed {
  #shown: number | null = null;
  #changedAtS = Number.NEGATIVE_INFINITY;

  show(speed: number | null, nowS: number): number | null {
    if (speed === null) {
      this.#shown = null;
    } else if (
      this.#shown === null ||
      (nowS - this.#changedAtS >= MIN_SHOWN_S && Math.abs(speed - this.#shown) > 0.05 * this.#shown)
    ) {
      this.#shown = speed;
      this.#changedAtS = nowS;
    }
    return this.#shown;
  }
}
