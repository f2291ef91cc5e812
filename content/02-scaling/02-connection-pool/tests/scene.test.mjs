/** What only the pool's scene says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, log } from '../../../../tests/scene/helpers.mjs';
import { Run } from '../../../../static/src/kit/run.js';

const { scene, recording, replay } = await load('connection-pool');

const ready = [0, 'world.ready', { size: 2, cores: 8, most: 12, patience: 1.5 }];
const open = (conn, t) => [[t, 'conn.dialing', { conn }], [t + 0.3, 'conn.open', { conn, ms: 300 }]];
const sent = (id, t) => [t, 'request.sent', { id }];
const leased = (id, conn, t) => [t, 'request.leased', { id, conn, waited: 0 }];
const done = (id, t, error = '', ms = 200) => [t, 'request.done', { id, ok: !error, ms, error }];
const gauge = (t, fields) => [t, 'pool.gauge', { waiting: 0, need: 1.6, busy: 1, rate: 5, held: 0.2, little: 1, ...fields }];
const says = (t, ...events) => scene.say(replay(log(...events), t), t);
const rows = (state) => Object.values(state.conns).map((one) => one.row);

test('a new connection takes the first free row, and a closed one gives its row back', () => {
  const events = [ready, ...open(1, 1), ...open(2, 1.1), [2, 'conn.closed', { conn: 1 }], ...open(3, 3)];
  assert.deepEqual(rows(replay(log(...events), 4)).sort(), [0, 1]);
});

test('when the former pool is closed, the rows close up', () => {
  const events = [ready, ...open(1, 1), ...open(2, 1.1), ...open(3, 1.2), [2, 'conn.closed', { conn: 1 }], [3, 'pool.closed', { size: 1 }]];
  assert.deepEqual(rows(replay(log(...events), 4)).sort(), [0, 1]);
});

test('too few places for the load are told with both numbers', () => {
  assert.match(says(5, ready, gauge(4, { need: 5.6 })), /Нужно соединений 5,6, мест 2/);
});

test('a refusal without waiting is told from one after a wait', () => {
  const crowd = [ready, ...open(1, 1), sent(1, 2)];
  assert.match(says(2.5, ...crowd, done(1, 2, 'PoolTimeout', 0)), /Отказ сразу/);
  assert.doesNotMatch(says(4, ...crowd, done(1, 3.5, 'PoolTimeout', 1500)), /Отказ сразу/);
});

test('refusals with no live connection are the sign of lost places', () => {
  assert.match(says(2.2, ready, sent(1, 2), done(1, 2, 'PoolTimeout', 0)), /мёртвые соединения/);
});

test('a free connection and a line before it betray a lock', () => {
  const events = [ready, ...open(1, 1), sent(1, 2), [2, 'conn.dialing', { conn: 2 }], sent(2, 2.05)];
  assert.match(says(2.25, ...events), /держит замок/);
});

test('more queries than cores are a line inside the server', () => {
  const events = [ready, ...open(1, 1), ...open(2, 1), [2, 'control.set', { name: 'cores', value: 1 }]];
  assert.match(says(3.6, ...events, sent(1, 3), leased(1, 1, 3), sent(2, 3), leased(2, 2, 3)), /внутри сервера/);
});

test('after the break every connection is cut until the pool has seen it', () => {
  const events = [ready, ...open(1, 1), [2, 'control.set', { name: 'kill', value: true }]];
  assert.match(says(2.5, ...events), /оборваны/);
  assert.equal(replay(log(...events, [3, 'conn.dead', { conn: 1 }], [3, 'conn.closed', { conn: 1 }]), 4).conns[1], undefined);
});

test('the answer times with and without the pool are kept apart', () => {
  const state = replay(log(
    ready, sent(1, 1), done(1, 1.2, '', 200), [2, 'pool.state', { before: 'calm', after: 'direct' }], sent(2, 3), done(2, 3.5, '', 500),
  ), 4);
  assert.deepEqual(state.took, { pool: 200, alone: 500 });
});

test('a slider under a finger makes no flags, the story and the break do', () => {
  const run = new Run(scene);
  run.push(log(
    ready, [1, 'control.set', { name: 'query', value: 650 }], [2, 'control.set', { name: 'query', value: 700, by: 'story' }],
    [3, 'control.set', { name: 'kill', value: true }],
  ));
  assert.deepEqual(scene.overview(run, 10).marks.map(({ label }) => label), ['700 мс', 'обрыв']);
});

test('the chart is the measured number and its bound the one the formula gives', () => {
  const run = new Run(scene);
  run.push(log(ready, gauge(1, { busy: 1.2, need: 1.6 }), gauge(2, { busy: 3.9, need: 5.6 })));
  const { series, bound, high } = scene.overview(run, 10);
  assert.deepEqual(series, [[0, 0], [1, 1.2], [2, 3.9]]);
  assert.deepEqual(bound, [[1, 1.6], [2, 5.6]]);
  assert.equal(high, 6);
});

test('the recording stands first where the line is long and somebody was refused', () => {
  const run = new Run(scene);
  run.push(recording());
  const t = scene.still(run);
  assert.ok(Object.values(run.at(t).requests).filter((one) => one.row === null).length > 5);
  assert.ok(run.at(t).tally[2] > 0);
});
