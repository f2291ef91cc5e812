/** Helpers for a scene's `overview(run, n)`: what the timeline draws of the whole run. */

/**
 * Counts outcomes in `n` equal slices of 0…end.
 * `kinds` names the stack from the bottom up; `outcome(event)` gives one of them or nothing.
 */
export function bins(events, end, n, kinds, outcome) {
  const slices = Array.from({ length: n }, () => kinds.map((kind) => [kind, 0]));
  for (const event of events) {
    const at = kinds.indexOf(outcome(event));
    if (at >= 0) slices[Math.min(n - 1, Math.floor((event.t / end) * n))][at][1] += 1;
  }
  return slices;
}

/** Collects the spans of a state: `enter(kind, t)` at each change, `close(end)` gives [{kind, from, to}]. */
export function spans(first) {
  const list = [];
  let open = { kind: first, from: 0 };
  return {
    enter(kind, t) {
      list.push({ ...open, to: t });
      open = { kind, from: t };
    },
    close(end) {
      return [...list, { ...open, to: Math.max(end, open.from) }].filter((one) => one.to > one.from);
    },
  };
}
