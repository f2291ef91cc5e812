/** What holds for the scene of every lesson; new lessons are found by themselves. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Run } from '../../static/src/kit/run.js';
import { Stage } from '../../static/src/kit/stage.js';
import { deepFreeze, lessons, load } from './helpers.mjs';
import { paper } from './paper.mjs';

const OWN = new Set(['run.started', 'run.ended', 'control.set', 'out', 'problem', 'limit']);
const TONES = ['ok', 'fail', 'probe'];
const WIDTHS = [1000, 620, 358];

for (const slug of lessons.keys()) {
  const { scene, recording, replay } = await load(slug);
  const recorded = (every) => {
    const run = new Run(scene, every);
    run.push(recording());
    return run;
  };
  const moments = (run, count) => Array.from({ length: count + 1 }, (_, i) => (i / count) * run.end);

  test(`${slug}: a scrubbed state equals a fresh replay at every probe`, () => {
    const run = recorded(64);
    const order = Array.from({ length: 90 }, (_, i) => ((i * 47) % 90) / 90); // there and back again
    for (const part of order) assert.deepEqual(run.at(part * run.end), replay(run.events, part * run.end), `at part ${part}`);
  });

  test(`${slug}: reduce does not touch the events`, () => {
    const run = new Run(scene);
    run.push(deepFreeze(recording()));
    assert.doesNotThrow(() => run.at(run.end));
  });

  test(`${slug}: events that come in batches give the state of the whole log`, () => {
    const events = recording();
    const run = new Run(scene, 16);
    for (let i = 0; i < events.length; i += 7) {
      run.push(events.slice(i, i + 7));
      run.at(run.end);
    }
    assert.deepEqual(run.at(run.end), replay(events, run.end));
  });

  test(`${slug}: every moment of the recording has a sentence, a badge and a number or a gap`, () => {
    const run = recorded();
    for (const t of moments(run, 200)) {
      const state = run.at(t);
      assert.match(scene.say(state, t), /^[«А-ЯЁA-Z0-9].*[.!?…]$/su, `at ${t} s`);
      assert.doesNotMatch(scene.say(state, t), /NaN|undefined|null|\[object/, `at ${t} s`);
      const [tone, name] = scene.badge(state);
      assert.ok(TONES.includes(tone) && name, `badge at ${t} s`);
      const value = scene.value(state, t);
      assert.ok(value === null || Number.isFinite(value), `value at ${t} s`);
    }
  });

  test(`${slug}: a kind of event has words in the table always or never, and key moments always`, () => {
    const run = recorded();
    const told = new Map();
    for (const event of run.events.filter(({ kind }) => !OWN.has(kind))) {
      const text = scene.columns.map((column) => column.text(event)).join(' ').trim();
      assert.doesNotMatch(text, /NaN|undefined|null|\[object/, event.kind);
      if (run.key(event)) assert.ok(text, `${event.kind} at ${event.t} s is a key moment without words`);
      if (!told.has(event.kind)) told.set(event.kind, Boolean(text));
      assert.equal(Boolean(text), told.get(event.kind), `${event.kind} at ${event.t} s`);
    }
    assert.ok([...told.values()].some(Boolean), 'something has words');
  });

  test(`${slug}: the recording has moments to jump to, and not too many`, () => {
    const run = recorded();
    const keys = [];
    for (let t = run.next(-1); t !== null; t = run.next(t)) keys.push(t);
    assert.ok(keys.length >= 3 && keys.length <= 40, `${keys.length} key moments`);
    const still = scene.still?.(run);
    assert.ok(still === undefined || (still > 0 && still <= run.end), `still at ${still}`);
  });

  test(`${slug}: the overview covers the run with finite numbers`, () => {
    const run = recorded();
    const { series, bound, bands, bars, marks, high } = scene.overview(run, 60);
    assert.equal(bars.length, 60);
    assert.ok(Number.isFinite(high) && high > 0);
    for (const [t, value] of [...series, ...bound]) assert.ok(Number.isFinite(t) && (value === null || Number.isFinite(value)));
    for (const { from, to, kind, label } of bands) assert.ok(from <= to && to <= run.end && kind && label);
    for (const { t, label } of marks) assert.ok(t >= 0 && t <= run.end && label);
    const shown = series.map(([, value]) => value).filter((value) => value !== null);
    assert.ok(Math.max(...shown) <= high, 'the chart holds its line');
  });

  for (const width of WIDTHS) {
    test(`${slug}: the picture is drawn without nonsense at ${width} px`, () => {
      const stage = new Stage(paper());
      const sheet = stage.size(width, scene.height(width));
      scene.layout(sheet);
      const run = recorded();
      for (const reduced of [false, true]) {
        stage.reduced = reduced;
        for (const t of [0, ...moments(run, 160)]) {
          stage.packets.begin();
          scene.draw(sheet, run.at(t), t);
          stage.packets.end();
        }
      }
      assert.ok(stage.over.words().length + stage.mid.words().length > 2, 'something is written on it');
    });
  }

  test(`${slug}: the picture is built anew for another size, and keeps off the stage's own parts`, () => {
    const stage = new Stage(paper());
    for (const width of WIDTHS) {
      const sheet = stage.size(width, scene.height(width));
      scene.layout(sheet);
      scene.draw(sheet, scene.initial(), 0);
      for (const part of Object.keys(stage)) assert.equal(sheet[part], stage[part], `k.${part} belongs to the stage`);
    }
  });

  test(`${slug}: an empty log is drawn too`, () => {
    const stage = new Stage(paper());
    const sheet = stage.size(900, scene.height(900));
    scene.layout(sheet);
    stage.packets.begin();
    scene.draw(sheet, scene.initial(), 0);
    stage.packets.end();
    assert.ok(scene.say(scene.initial(), 0));
    assert.ok(scene.overview(new Run(scene), 1));
  });

  test(`${slug}: the scene is short enough to be read at once`, () => {
    const source = readFileSync(new URL('scene.js', lessons.get(slug)), 'utf8');
    assert.ok(source.split('\n').length - 1 <= 150);
    assert.ok(Math.max(...source.split('\n').map((line) => line.length)) <= 150, 'lines of at most 150 letters');
  });
}
