/** What only this scene says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Run } from '../../../../static/src/kit/run.js';
import { load, log } from '../../../../tests/scene/helpers.mjs';

const { scene, recording, replay } = await load('least-connections');

const ready = [0, 'world.ready', { nodes: ['a', 'b', 'c', 'd', 'e', 'f'] }];
const by = (algorithm) => [0, 'balancer.state', { algorithm }];
const node = (t, id, up, healthy, known = true) => [t, 'node.state', { node: id, up, healthy, known }];
const sent = (id, count, from = 1) => Array.from({ length: count }, (_, i) => [from + i / 20, 'request.sent', { id: from * 100 + i + 1, node: id }]);
const report = (t, ...loads) => [t, 'load.report', { loads }];
const said = (t, ...events) => scene.say(replay(log(ready, ...events), t), t);

test('many choices in a row are a herd, and it is told for a while', () => {
  assert.match(said(2, by('least'), ...sent('c', 12)), /Стадо: 12 подряд серверу C/);
  assert.doesNotMatch(said(9, by('least'), ...sent('c', 12)), /Стадо/);
  assert.doesNotMatch(said(2, by('least'), ...sent('c', 5), ...sent('d', 5, 1.5)), /Стадо/);
});

test('another balancer begins its rows anew', () => {
  assert.doesNotMatch(said(2, ...sent('c', 6), [1.5, 'balancer.state', { algorithm: 'two' }], ...sent('c', 6, 1.6)), /Стадо/);
});

test('a dead server is another story for each balancer', () => {
  assert.match(said(2, by('least'), node(1, 'b', false, true)), /B лежит, держит ноль/);
  assert.match(said(2, by('ewma'), node(1, 'b', false, true)), /B лежит, но отказ ему засчитан/);
  assert.match(said(2, by('two'), node(1, 'b', false, true)), /B лежит, а проверка ещё не заметила/);
  assert.match(said(2, by('two'), node(1, 'b', true, false)), /B поднялся/);
});

test('old news change what is said of the same balancer', () => {
  assert.match(said(3, by('least')), /где сейчас меньше всех/);
  const stale = (t, value) => [t, 'control.set', { name: 'stale', value }];
  const old = [by('least'), stale(1, 2), report(2, 1, 2, 3, 0, 0, 0)];
  assert.match(said(3, ...old), /До новой сводки/);
  assert.deepEqual(replay(log(ready, ...old), 3).seen, [1, 2, 3, 0, 0, 0]);
  assert.match(said(3, ...old, stale(2.5, 0)), /где сейчас меньше всех/);
  assert.deepEqual(replay(log(ready, ...old, stale(2.5, 0)), 3).seen, []);
});

test('a long line is told with its length and whose it is', () => {
  assert.match(said(4, by('turns'), ...sent('d', 7)), /У D их 7/);
  assert.match(said(4, by('lots'), ...sent('f', 7)), /У F их 7/, 'also of one who is not in the list');
});

test('an unknown node and an honest refusal are two stories', () => {
  assert.match(said(2, by('two'), [1.5, 'request.sent', { id: 1, node: '' }]), /неизвестный узел/);
  assert.match(said(2, by('two'), [1.5, 'request.failed', { id: 1, node: '', error: 'NoHealthyNodes' }]), /отказ сразу/);
});

test('figures of each balancer are kept side by side', () => {
  const { ranks } = replay(recording(), Infinity);
  assert.deepEqual(Object.keys(ranks).sort(), ['ewma', 'least', 'turns', 'two']);
  for (const [p50, p99] of Object.values(ranks)) assert.ok(p50 > 0 && p50 < p99);
});

test('bands follow the balancer, the news and who is out of it; flags stand where B falls', () => {
  const run = new Run(scene);
  run.push(recording());
  const { bands, marks } = scene.overview(run, 60);
  assert.deepEqual(bands.map(({ label }) => label), [
    'по кругу', 'меньше всех', 'меньше всех, сводки', 'два взгляда, сводки', 'два взгляда',
    'меньше всех', 'B вне игры', 'меньше всех', 'peak ewma', 'B вне игры', 'peak ewma',
  ]);
  assert.deepEqual(marks.map(({ t, short }) => [t, short]), [[48.1, 'B'], [56.1, 'B']]);
});

test('the recording stands still in the middle of the herd', () => {
  const run = new Run(scene);
  run.push(recording());
  const t = scene.still(run);
  assert.match(scene.say(run.at(t), t), /Стадо/);
});
