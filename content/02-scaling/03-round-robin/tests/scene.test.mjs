/** What only this scene says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Run } from '../../../../static/src/kit/run.js';
import { load, log } from '../../../../tests/scene/helpers.mjs';

const { scene, recording, replay } = await load('round-robin');

const ready = [0, 'world.ready', { nodes: ['a', 'b', 'c'], powers: [4, 2, 1], weights: [40, 20, 10] }];
const by = (algorithm) => [0, 'balancer.state', { algorithm }];
const node = (t, id, up, healthy, weight = 10) => [t, 'node.state', { node: id, up, healthy, weight }];
const sent = (node, count, from = 1) => Array.from({ length: count }, (_, i) => [from + i / 10, 'request.sent', { id: from * 100 + i, node }]);
/** Requests to one node, each followed by one to `a` that is answered at once. */
const fed = (node, count) => sent(node, count).flatMap(([t, kind, { id }]) => [
  [t, kind, { id, node }], [t, kind, { id: id + 50, node: 'a' }], [t, 'request.done', { id: id + 50, node: 'a', ms: 0 }],
]);
const said = (t, ...events) => scene.say(replay(log(ready, ...events), t), t);

test('a line at a server is told with its length and whose it is', () => {
  assert.match(said(4, by('round_robin'), ...fed('c', 5)), /силы разные: у C ждут 4/);
});

test('right weights do not undo the line that has grown', () => {
  assert.match(said(4, by('weighted'), ...fed('c', 5)), /само не исчезнет: у C ждут 4/);
});

test('a drained server works off what it has', () => {
  assert.match(said(4, by('weighted'), ...fed('c', 3), node(3, 'c', true, true, 0)), /Вес C — ноль.*Осталось 2/);
});

test('many choices in a row are a clump, unless there is nobody else', () => {
  assert.match(said(3, by('weighted'), ...sent('a', 9)), /Пачка: 9 подряд узлу A/);
  assert.match(said(3, by('weighted'), ...sent('a', 9), ...sent('b', 1, 2)), /Пачка: 9 подряд узлу A/, 'and it is told for a while');
  const alone = [node(0, 'b', true, false), node(0, 'c', true, true, 0)];
  assert.doesNotMatch(said(3, by('weighted'), ...alone, ...sent('a', 9)), /Пачка/);
});

test('a fallen server is told before the check finds it, after, and when it is back', () => {
  assert.match(said(2, by('weighted'), node(1, 'a', false, true)), /A лежит, а балансировщик ещё не знает/);
  assert.match(said(2, by('weighted'), node(1, 'a', false, false)), /A исключён/);
  assert.match(said(2, by('weighted'), node(1, 'a', true, false)), /A поднялся, но до следующей проверки/);
});

test('a node without an address and an honest refusal are two stories', () => {
  assert.match(said(2, by('weighted'), [1.5, 'request.sent', { id: 1, node: '' }]), /без адреса/);
  assert.match(said(2, by('weighted'), [1.5, 'request.failed', { id: 1, node: '', error: 'NoHealthyNodes' }]), /отказ сразу/);
});

test('what a crash took is in no line any more', () => {
  const lost = [100, 101, 102].map((id) => [3, 'request.failed', { id, node: 'a', error: 'ConnectionReset' }]);
  const state = replay(log(ready, by('weighted'), ...sent('a', 3), node(3, 'a', false, true), ...lost), 3);
  assert.deepEqual([state.nodes.a.inside, state.fail], [[], 3]);
});

test('refusals, losses and answers are counted apart', () => {
  const state = replay(recording(), Infinity);
  assert.ok(state.ok > 200 && state.fail > 3 && state.reject === 15, `${state.ok} ${state.fail} ${state.reject}`);
});

test('bands follow the order of turns and who is out of it', () => {
  const run = new Run(scene);
  run.push(recording());
  const labels = scene.overview(run, 60).bands.map(({ label }) => label);
  assert.deepEqual(labels, ['по кругу', 'по весам', 'вес C — 0', 'по весам', 'A вне игры', 'по весам', 'все вне игры', 'по весам']);
});

test('flags stand where somebody falls', () => {
  const run = new Run(scene);
  run.push(recording());
  assert.deepEqual(scene.overview(run, 60).marks.map(({ t, short }) => [t, short]), [[28, 'A'], [46, 'все']]);
});

test('the calculation is drawn beside the measured line', () => {
  const run = new Run(scene);
  run.push(recording());
  const { series, bound } = scene.overview(run, 60);
  assert.ok(Math.max(...bound.map(([, value]) => value)) > 6);
  assert.equal(Math.max(...series.map(([, value]) => value)), 7);
});
