/** What only this scene says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Run } from '../../../../static/src/kit/run.js';
import { load, log } from '../../../../tests/scene/helpers.mjs';

const { scene, recording, replay } = await load('consistent-hashing');

const ready = [0, 'world.ready', { keys: 4, shards: 'AB', vnodes: 1 }];
const angles = [0, 'keys.angles', { first: 0, angles: [0.1, 0.3, 0.6, 0.9] }];
const seen = (t, cause, shard, owners, at) => [
  t, 'ring.seen', { cause, shard, shards: 'AB', weights: [1, 1], vnodes: 1, arcs: 'AABB', owners, at },
];
const measured = (t, cause, shard, missing, more = {}) => [
  t, 'change.measured', { cause, shard, moved: 25, model: 33.3, missing, spread: 10, spread_model: 58, fullest: 1.2, ...more },
];
const start = [ready, angles, seen(0, 'start', '', 'AABB', 'AABB'), measured(0, 'start', '', 0)];
const state = (t, ...events) => replay(log(...start, ...events), t);
const said = (t, ...events) => scene.say(state(t, ...events), t);
const reads = (shard, count) => Array.from({ length: count }, (_, i) => [10 + i / 10, 'key.read', { id: 3, shard, found: true }]);

test('a basket that flies is counted and already coloured as its new shard', () => {
  const moving = [[5, 'change.started', { cause: 'join', shard: 'B' }], [5.04, 'key.moved', { id: 1, source: 'A', target: 'B' }]];
  const now = state(5.1, ...moving);
  assert.deepEqual([now.at, scene.value(now), scene.badge(now)[1]], [['A', 'B', 'B', 'B'], 25, 'Переезд']);
  assert.match(scene.say(now, 5.1), /летят корзины с его участков/);
});

test('baskets left where nobody looks are the first thing said', () => {
  const lost = [[5, 'change.started', { cause: 'join', shard: 'B' }], seen(5, 'join', 'B', 'ABBB', 'AABB'), measured(5, 'join', 'B', 1)];
  assert.match(said(5.5, ...lost), /Чтение не находит: 1.корзина/);
  assert.equal(scene.badge(state(5.5, ...lost))[0], 'fail');
});

test('a burned shard is told with what it took, and that stays said', () => {
  const fire = [[5, 'change.started', { cause: 'crash', shard: 'B' }], seen(5, 'crash', 'B', 'AAAA', 'AA--'), measured(5, 'crash', 'B', 2)];
  assert.match(said(6, ...fire), /B сгорел вместе с корзинами: 2/);
  assert.match(said(20, ...fire), /навсегда: 2/);
});

test('one shard that answers most of the reads is noticed, even reads are not', () => {
  assert.match(said(14, ...reads('B', 40)), /отвечает на 100.% чтений/);
  const even = [...reads('A', 20), ...reads('B', 20)].sort((a, b) => a[0] - b[0]);
  assert.doesNotMatch(said(14, ...even), /скучают/);
});

test('after a change the measured share stands beside the model', () => {
  const joined = [[5, 'change.started', { cause: 'join', shard: 'B' }], seen(6, 'join', 'B', 'AABB', 'AABB'), measured(6, 'join', 'B', 0)];
  assert.match(said(7, ...joined), /25.% корзин, по модели K\/N — 33,3.%/);
  assert.match(said(20, ...joined), /в 1,2 раза/);
});

test('the line of moved baskets climbs while they fly and rests until the next change', () => {
  const run = new Run(scene);
  run.push(recording());
  const { series, bound } = scene.overview(run, 60);
  const at = (t) => series.findLast(([moment, value]) => moment <= t && value !== null)[1];
  assert.deepEqual([at(9.4), at(13), at(21.68), at(29)], [45.8, 45.8, 17.5, 17.5]);
  assert.ok(at(5) < 1 && at(7) > 15 && at(7) < 30 && at(20) < 1);
  assert.deepEqual(bound.map(([t, value]) => [t, value]), [[5, 20], [20, 16.7], [30, 16.7], [39, 20]]);
});

test('a cluster put together anew breaks the line', () => {
  const run = new Run(scene);
  run.push(recording());
  assert.ok(scene.overview(run, 60).series.some(([t, value]) => t === 14 && value === null));
  assert.equal(scene.value(run.at(15)), null);
});

test('flags tell who came, who went and who burned', () => {
  const run = new Run(scene);
  run.push(recording());
  const labels = scene.overview(run, 60).marks.map(({ label }) => label);
  assert.deepEqual(labels, ['пришёл E', 'собран заново', 'пришёл F', 'сгорел B', 'ушёл F']);
});
