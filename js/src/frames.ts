// Work that can wait, done a little in each animation frame, so that the page stays answerable.

const BUDGET_MS = 6;

export class Frames {
  readonly #jobs = new Set<() => void>();
  #frame = 0;

  /** Has the job done in one of the next frames, in turn; returns the way to call it off. */
  add(job: () => void): () => void {
    // Jobs are told apart by themselves: the same function twice would be one.
    const own = () => job();
    this.#jobs.add(own);
    this.#next();
    return () => this.#jobs.delete(own);
  }

  #next(): void {
    if (this.#frame === 0 && this.#jobs.size > 0) this.#frame = requestAnimationFrame(() => this.#work());
  }

  #work(): void {
    this.#frame = 0;
    const endMs = performance.now() + BUDGET_MS;
    for (const job of this.#jobs) {
      this.#jobs.delete(job);
      job();
      if (performance.now() >= endMs) break;
    }
    this.#next();
  }
}
