/** What the timeline draws of a whole run. A scene says what its events mean; the bookkeeping is here. */

/**
 * `n` is the number of slices of the strip. `read` tells of an event:
 * - `phase(e)`: the state it enters, from `first`; `names`: state → word;
 * - `value(e)`: the charted number, which is measured only in the state `measured`;
 * - `bound(e)`: a new threshold; `mark(e)`: {label, short} of a flag; `outcome(e)`: ok, fail or reject.
 *
 * Series are [[t, value], …]; a `null` breaks the line where nothing is measured.
 */
export function overview(run, n, { first, names, measured, phase, value, bound, mark, outcome }) {
  const bands = [];
  const series = [[0, 0]];
  const bounds = [];
  const marks = [];
  const bars = Array.from({ length: n }, () => [['fail', 0], ['reject', 0], ['ok', 0]]);
  const end = run.end || 1;
  let [state, since, now, left] = [first, 0, 0, null];
  const close = (t) => t > since && bands.push({ kind: state, from: since, to: t, label: (names[state] ?? state).toLowerCase() });
  for (const event of run.events) {
    const { t } = event;
    const next = phase(event);
    if (next) {
      if (state === measured) series.push([left = t, now], [t, null]);
      close(t);
      [state, since, now] = [next, t, 0];
      if (state === measured) series.push([t, 0]);
    }
    const number = value(event);
    if (number !== undefined && state === measured) series.push([t, now], [t, now = number]);
    else if (number !== undefined && t === left) series.splice(-1, 0, [t, number]); // what made it leave
    const limit = bound(event);
    if (limit !== undefined) bounds.push([t, limit]);
    const flag = mark(event);
    if (flag) marks.push({ t, ...flag });
    const slice = bars[Math.min(n - 1, Math.floor((t / end) * n))].find(([kind]) => kind === outcome(event));
    if (slice) slice[1] += 1;
  }
  close(run.end);
  if (state === measured) series.push([run.end, now]);
  const high = Math.max(1, ...series.map(([, one]) => one), ...bounds.map(([, one]) => one));
  return { series, bound: bounds, bands, bars, marks, high };
}
