/**
 * Two logs side by side, aligned by event. Moments of virtual time repeat exactly, so equal runs are equal
 * event by event; with the real clock moments never do, and only what happened is compared.
 */

const WORDY = new Set(['run.started', 'run.ended']); // how a run began and ended is told elsewhere
const FARTHEST = 800; // differences looked for by the exact method; past that, the logs go on by time

/** What makes two events the same one, as text. */
export function sameness(event, { timed = true } = {}) {
  const { seq, t, ...fields } = event;
  return timed ? JSON.stringify([t, fields]) : JSON.stringify(event.kind);
}

/** The first place where two logs part: indices and moment, or null when one is the other's beginning or equal. */
export function divergence(left, right, options) {
  const most = Math.min(left.length, right.length);
  for (let i = 0; i < most; i += 1) {
    if (WORDY.has(left[i].kind) && left[i].kind === right[i].kind) continue;
    if (sameness(left[i], options) !== sameness(right[i], options)) return { at: i, t: Math.min(left[i].t, right[i].t) };
  }
  if (left.length === right.length) return null;
  return { at: most, t: (left[most] ?? right[most]).t };
}

/**
 * Rows {left, right, same}: an event of each side, or null where the other side has none. Same events share a row;
 * between them, what only one side has, in order of time.
 */
export function align(left, right, options) {
  const [a, b] = [left, right].map((log) => log.map((event) => sameness(event, options)));
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) [endA, endB] = [endA - 1, endB - 1];
  const pairs = common(a.slice(start, endA), b.slice(start, endB)).map(([x, y]) => [x + start, y + start]);
  const rows = [];
  for (let i = 0; i < start; i += 1) rows.push({ left: left[i], right: right[i], same: true });
  let [x, y] = [start, start];
  for (const [nextX, nextY] of [...pairs, [endA, endB]]) {
    apart(rows, left.slice(x, nextX), right.slice(y, nextY));
    if (nextX < endA && nextY < endB) rows.push({ left: left[nextX], right: right[nextY], same: true });
    [x, y] = [nextX + 1, nextY + 1];
  }
  for (let i = 0; i < a.length - endA; i += 1) rows.push({ left: left[endA + i], right: right[endB + i], same: true });
  return rows;
}

/** Events that have no pair, by time; two at one moment of one kind stand in one row, to be compared by eye. */
function apart(rows, left, right) {
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    const [one, other] = [left[i], right[j]];
    if (one && other && one.kind === other.kind && Math.abs(one.t - other.t) < 1e-6) {
      rows.push({ left: one, right: other, same: false });
      [i, j] = [i + 1, j + 1];
    } else if (one && (!other || one.t <= other.t)) {
      rows.push({ left: one, right: null, same: false });
      i += 1;
    } else {
      rows.push({ left: null, right: other, same: false });
      j += 1;
    }
  }
}

/** Longest common subsequence as pairs of indices (Myers' greedy method, 1986); [] past FARTHEST differences. */
function common(a, b) {
  const [n, m] = [a.length, b.length];
  const most = Math.min(n + m, FARTHEST);
  const trace = [];
  let far = new Map([[1, 0]]);
  for (let d = 0; d <= most; d += 1) {
    const next = new Map();
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (far.get(k - 1) ?? -1) < (far.get(k + 1) ?? -1));
      let x = down ? far.get(k + 1) ?? 0 : (far.get(k - 1) ?? 0) + 1;
      while (x < n && x - k < m && a[x] === b[x - k]) x += 1;
      next.set(k, x);
      if (x >= n && x - k >= m) {
        trace.push(next);
        return walk(trace, n, m);
      }
    }
    trace.push(next);
    far = next;
  }
  return [];
}

/** Back along the furthest paths; collects the diagonal steps. */
function walk(trace, n, m) {
  const pairs = [];
  let [x, y] = [n, m];
  for (let d = trace.length - 1; d > 0; d -= 1) {
    const before = trace[d - 1];
    const k = x - y;
    const down = k === -d || (k !== d && (before.get(k - 1) ?? -1) < (before.get(k + 1) ?? -1));
    const fromK = down ? k + 1 : k - 1;
    const fromX = before.get(fromK) ?? 0;
    const fromY = fromX - fromK;
    const [afterX, afterY] = down ? [fromX, fromY + 1] : [fromX + 1, fromY];
    while (x > afterX && y > afterY) pairs.push([x -= 1, y -= 1]);
    [x, y] = [fromX, fromY];
  }
  while (x > 0 && y > 0) pairs.push([x -= 1, y -= 1]);
  return pairs.reverse();
}
