/** The name that was probably meant: the nearest of `known` within a third of its length (at least one edit); null: none is near. */
export function nearestName(written: string, known: Iterable<string>): string | null {
  let nearest: string | null = null;
  let best = Math.max(1, Math.floor(written.length / 3)) + 1;
  for (const name of known) {
    if (Math.abs(name.length - written.length) >= best) continue;
    const distance = editDistance(written.toLowerCase(), name.toLowerCase(), best);
    if (distance < best) {
      best = distance;
      nearest = name;
    }
  }
  return nearest;
}

/** `did you mean X?`, or null when nothing is near. */
export function didYouMean(written: string, known: Iterable<string>): string | null {
  const nearest = nearestName(written, known);
  return nearest === null ? null : `did you mean ${nearest}?`;
}

/** Insertions, deletions, replacements and swaps of neighbours; `bound` when it is that many or more. */
function editDistance(from: string, to: string, bound: number): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = last[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      let cost = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1])
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
    }
    if (Math.min(...row) >= bound) return bound;
    beforeLast = last;
    last = row;
  }
  return Math.min(last[to.length]!, bound);
}
