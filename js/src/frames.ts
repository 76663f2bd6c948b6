// Work that can wait, done a little in each animation frame, so that the page stays answerable.

/** Of a frame's 16 ms; the rest is the browser's, to lay out and to paint. */
const BUDGET_MS = 6;

export class Frames {
  /** What each job costs beyond its own time, in what the browser and the views do after it. */
  readonly #jobs = new Map<() => void, number>();
  #frame = 0;

  /** Has the job done in one of the next frames, in turn; returns the way to call it off. */
  add(job: () => void, laterMs = 0): () => void {
    // Jobs are told apart by themselves: the same function twice would be one.
    const own = () => job();
    this.#jobs.set(own, laterMs);
    this.#next();
    return () => this.#jobs.delete(own);
  }

  #next(): void {
    if (this.#frame === 0 && this.#jobs.size > 0) this.#frame = requestAnimationFrame(() => this.#work());
  }

  #work(): void {
    this.#frame = 0;
    const startMs = performance.now();
    let laterMs = 0;
    for (const [job, costMs] of this.#jobs) {
      this.#jobs.delete(job);
      job();
      laterMs += costMs;
      if (performance.now() - startMs + laterMs >= BUDGET_MS) break;
    }
    this.#next();
  }
}
