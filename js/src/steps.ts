// The fewest changes that make one list out of another (Myers 1986, "An O(ND) Difference Algorithm").

/** So many items of the first list that both have, that only the first has, or that only the second has. */
export interface Step {
  readonly kind: "same" | "removed" | "added";
  readonly n: number;
}

/** In order, what is removed before what is added in its place; null where it takes more than `most` changes. */
export function stepsBetween(a: readonly number[], b: readonly number[], most: number): Step[] | null {
  // Of each diagonal k = x - y how far along `a` it was come, for every number of changes.
  const middle = most + 1;
  const ends = new Int32Array(2 * middle + 1);
  const trail: Int32Array[] = [];
  const from = (k: number): number => {
    const [down, right] = [ends[middle + k + 1] ?? 0, (ends[middle + k - 1] ?? 0) + 1];
    const n = trail.length - 1;
    return k === -n || (k !== n && right <= down) ? down : right;
  };
  for (let n = 0; n <= most; n += 1) {
    trail.push(ends.slice());
    for (let k = -n; k <= n; k += 2) {
      let x = n === 0 ? 0 : from(k);
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      ends[middle + k] = x;
      if (x >= a.length && x - k >= b.length) return walkedBack(trail, middle, a.length, b.length);
    }
  }
  return null;
}

function walkedBack(trail: readonly Int32Array[], middle: number, nA: number, nB: number): Step[] {
  const steps: Step[] = [];
  let [x, k] = [nA, nA - nB];
  for (let n = trail.length - 1; n > 0; n -= 1) {
    const ends = trail[n];
    const [down, right] = [ends?.[middle + k + 1] ?? 0, (ends?.[middle + k - 1] ?? 0) + 1];
    const isDown = k === -n || (k !== n && right <= down);
    const start = isDown ? down : right;
    steps.push({ kind: "same", n: x - start }, { kind: isDown ? "added" : "removed", n: 1 });
    x = isDown ? start : start - 1;
    k += isDown ? 1 : -1;
  }
  steps.push({ kind: "same", n: x });
  return inOrder(steps.reverse());
}

/** Steps of one kind together, removals before additions. */
function inOrder(steps: readonly Step[]): Step[] {
  const all: Step[] = [];
  let [removed, added] = [0, 0];
  for (const { kind, n } of [...steps, { kind: "same", n: 1 } as const]) {
    if (kind === "removed") removed += n;
    else if (kind === "added") added += n;
    else if (n > 0) {
      all.push({ kind: "removed", n: removed }, { kind: "added", n: added }, { kind, n });
      [removed, added] = [0, 0];
    }
  }
  return all.slice(0, -1).filter(({ n }) => n > 0);
}
