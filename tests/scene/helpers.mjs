/** What the scene's tests share: the lesson, its recording, and a log made to order. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export const lesson = new URL('../../content/05-fault-tolerance/01-circuit-breaker/', import.meta.url);

export const { default: scene } = await import(new URL('scene.js', lesson));

const lines = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));

/** The recording the lesson ships with. */
export const recording = () => lines(gunzipSync(readFileSync(new URL('recording.jsonl.gz', lesson))).toString());

export function deepFreeze(value) {
  if (value && typeof value === 'object') {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

/** Numbers a hand-written log as the worker does. */
export const log = (...events) => events.map(([t, kind, fields], i) => ({ seq: i + 1, t, kind, ...fields }));

/** The state of a fresh replay of everything up to `t`. */
export function replay(events, t) {
  let state = scene.initial();
  for (const event of events) if (event.t <= t) state = scene.reduce(state, event) ?? state;
  return state;
}
