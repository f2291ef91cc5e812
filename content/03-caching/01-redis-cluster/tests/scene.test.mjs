/** What only this scene says and draws. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Run } from '../../../../static/src/kit/run.js';
import { load, log } from '../../../../tests/scene/helpers.mjs';

const { scene, recording, replay } = await load('redis-cluster');

const up = [1, 2, 3].map((node) => [0.1, 'node.state', { node, state: 'ok' }]);
const key = { key: '{7}:cart', part: '7', server: 5712, node: 2 };
const right = [0.2, 'key.slot', { ...key, ours: 5712 }];
const wrong = [0.2, 'key.missed', { ...key, ours: 3618 }];
const answered = (t, node, answer, to = 0) => [t, 'hop.answered', { id: 1, node, map: false, answer, to }];
const done = (t, fields) => [t, 'request.done', { id: 1, ok: true, error: '', visits: 1, share: 100, blind: 33, ...fields }];
const moving = [1, 'slot.moving', { slot: 5712, source: 2, target: 3, left: 3 }];
const said = (t, ...events) => scene.say(replay(log(...events), t), t);
const badge = (t, ...events) => scene.badge(replay(log(...events), t))[1];

test('nodes that have not met are told apart from nodes that fell silent', () => {
  const silent = up.map(([, kind, { node }]) => [2, kind, { node, state: node === 1 ? 'dead' : 'fail' }]);
  assert.match(said(0, [0, 'node.state', { node: 1, state: 'fail' }]), /знакомятся/);
  assert.match(said(3, ...up, ...silent), /Узел 1 мёртв.*CLUSTERDOWN/);
  assert.equal(badge(3, ...up, ...silent), 'Все молчат');
});

test('one dead node and two that answer are another story', () => {
  const events = [...up, right, [2, 'node.state', { node: 3, state: 'dead' }]];
  assert.match(said(3, ...events), /Узел 3 не отвечает. Остальные обслуживают свои слоты/);
  assert.equal(badge(3, ...events), 'Нет узла');
});

test('ASK leaves the map alone, MOVED mends it, and the words say so', () => {
  assert.match(said(2.1, ...up, right, moving, answered(2, 2, 'ask', 3)), /ASK.*узел 3.*карту не трогайте/);
  assert.match(said(2.1, ...up, right, answered(2, 2, 'moved', 3)), /MOVED.*узла 3.*поправит карту/);
  assert.match(said(2.1, ...up, right, moving, answered(2, 2, 'tryagain')), /TRYAGAIN/);
  assert.match(said(5, ...up, right, moving, answered(2, 2, 'ask', 3)), /осталось ключей: 3/, 'and only for a while');
});

test('a client that hands MOVED to its caller is seen', () => {
  const error = 'ReplyError: MOVED 5712 127.0.0.1:7002';
  assert.match(said(2.3, ...up, wrong, answered(2, 1, 'moved', 2), done(2.2, { ok: false, error })), /клиент не слушает/);
});

test('a refusal before the network is neither an answer nor an error of a node', () => {
  const state = replay(log(...up, right, done(2, { ok: false, error: 'CrossSlot: 2', visits: 0 }), done(3, {})), 3);
  assert.deepEqual([state.ok, state.fail, state.reject], [1, 0, 1]);
  assert.match(said(2.1, ...up, right, done(2, { ok: false, error: 'CrossSlot: 2', visits: 0 })), /не выходя в сеть/);
});

test('two reckonings of one slot are told while they differ', () => {
  assert.match(said(1, ...up, wrong), /насчитал слот 3618, сервер — 5712/);
  assert.match(said(1, ...up, right), /Слот 5712 у узла 2/);
});

test('keys leave one node for the other as they move', () => {
  const events = [...up, right, moving, [2, 'slot.key', { slot: 5712, key: 'a', left: 2 }]];
  assert.equal(replay(log(...events), 2).slot.left, 2);
  assert.equal(replay(log(...events, [3, 'slot.moved', { slot: 5712, source: 2, target: 3 }]), 3).slot, null);
  assert.equal(replay(log([2, 'slot.key', { slot: 1, key: 'a', left: 0 }]), 2).slot, null, 'a key alone starts no move');
});

test('the recording tells the whole story in bands and flags', () => {
  const run = new Run(scene);
  run.push(recording());
  const { bands, marks, series, bound, high } = scene.overview(run, 60);
  assert.deepEqual(bands.map(({ label }) => label), ['знакомятся', 'всё на месте', 'слот едет', 'всё на месте', 'нет узла', 'всё на месте']);
  assert.deepEqual(marks.map(({ label }) => label), ['переезд', 'переехал', 'узел 1 убит']);
  assert.deepEqual([bound[0][1], high, series[0][1]], [33, 100, 100]);
  assert.equal(Math.min(...series.map(([, value]) => value)), 0, 'there were seconds when nobody answered');
});

test('the still picture stands at the first ASK, with its answer on the way', () => {
  const run = new Run(scene);
  run.push(recording());
  const t = scene.still(run);
  const { last, moves } = run.at(t);
  assert.equal(last.answer, 'ask');
  assert.ok(moves.some((move) => move.kind === 'reject' && t - move.t < 0.25));
});
