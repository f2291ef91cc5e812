/** What the scenes' tests share: the lessons, their recordings, logs made to order. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const content = new URL('../../content/', import.meta.url);
const folders = (url) => readdirSync(url, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();

/** slug → address of its folder, for every lesson that has a scene and a recording. */
export const lessons = new Map(folders(content).flatMap((chapter) => folders(new URL(`${chapter}/`, content))
  .map((name) => [name.replace(/^\d+-/, ''), new URL(`${chapter}/${name}/`, content)])
  .filter(([, folder]) => ['scene.js', 'recording.jsonl.gz'].every((file) => existsSync(new URL(file, folder))))));

const lines = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));

/** A lesson's scene, its recording, and the state of a fresh replay of everything up to `t`. */
export async function load(slug) {
  const folder = lessons.get(slug);
  const { default: scene } = await import(new URL('scene.js', folder));
  return {
    scene,
    recording: () => lines(gunzipSync(readFileSync(new URL('recording.jsonl.gz', folder))).toString()),
    replay(events, t) {
      let state = scene.initial();
      for (const event of events) if (event.t <= t) state = scene.reduce(state, event) ?? state;
      return state;
    },
  };
}

export function deepFreeze(value) {
  if (value && typeof value === 'object') {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

/** Numbers a hand-written log as the worker does. */
export const log = (...events) => events.map(([t, kind, fields], i) => ({ seq: i + 1, t, kind, ...fields }));
