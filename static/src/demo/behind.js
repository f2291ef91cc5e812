/** The run this tab was watching: a reload loses sight of it, so the next start takes its place. */
const key = (lesson) => `poligon:run:${lesson}`;

export function keep(lesson, id) {
  try { sessionStorage.setItem(key(lesson), id); } catch { /* then the next start asks: see refusal.js */ }
}

/** Only after a reload: another tab, even a copy of this one, may be showing that run to somebody. */
export function leftBehind(lesson) {
  if (performance.getEntriesByType('navigation')[0]?.type !== 'reload') return undefined;
  try { return sessionStorage.getItem(key(lesson)) ?? undefined; } catch { return undefined; }
}
