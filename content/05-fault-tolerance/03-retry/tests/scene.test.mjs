/** What only this scene says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Run } from '../../../../static/src/kit/run.js';
import { load, log } from '../../../../tests/scene/helpers.mjs';

const { scene, recording, replay } = await load('retry');

const ready = [0, 'world.ready', { capacity: 100, backlog: 250, period: 5, savings: 2 }];
const quiet = { first: 12, again: 0, good: 12, hopeless: 0, wasted: 0, refused: 0, lost: 0, queue: 0, stale: 0, asking: 20, pausing: 0, upset: 0, tokens: 2 };
const tick = (t, more = {}) => [t, 'fleet.load', { ...quiet, ...more }];
const ticks = (from, count, more) => Array.from({ length: count }, (_, i) => tick(from + i / 5, more));
const state = (t, before, after) => [t, 'service.state', { before, after }];
const set = (t, name, value) => [t, 'control.set', { name, value }];
const at = (t, ...events) => replay(log(ready, ...events), t);
const said = (t, ...events) => scene.say(at(t, ...events), t);
const jam = [state(4, 'ok', 'down'), state(7, 'down', 'ok'), state(9, 'ok', 'jam')];

test('retries that come to a live service in ranks are told with their number', () => {
  const fallen = [state(4, 'ok', 'down'), state(7, 'down', 'ok')];
  assert.match(said(8, ...fallen, ...ticks(7.2, 5, { again: 40 })), /строй повторов: 200 за секунду/);
  assert.match(said(8, ...fallen, ...ticks(7.2, 5, { queue: 200 })), /в очереди 200: дождутся не все/);
  assert.match(said(8, ...fallen, ...ticks(7.2, 5)), /ожил и успевает/);
});

test('while it is down, ranks and dispersed retries are two stories, and a spent budget is a third', () => {
  const down = (jitter, tokens) => said(6, set(1, 'jitter', jitter), state(4, 'ok', 'down'), ...ticks(5, 5, { tokens }));
  assert.match(down('none', 1), /строем/);
  assert.match(down('tenth', 1), /строем/);
  assert.match(down('full', 1), /размазал/);
  assert.match(down('full', 0), /Бюджет исчерпан/);
  assert.match(down('none', -1), /строем/);
});

test('a jam without a budget is told with the time since its cause has gone', () => {
  assert.match(said(13, ...jam, ...ticks(12, 5, { again: 36, tokens: -1 })), /исправен уже 6.с, но не отвечает вовремя никому: повторов 180 из 240/);
});

test('a budget that melts, one that is spent, and one nobody obeys', () => {
  const during = (again, tokens) => said(13, ...jam, ...ticks(12, 5, { again, tokens }));
  assert.match(during(36, 0.7), /тает/);
  assert.match(during(0, 0), /Повторы иссякли: приходит 60 при пределе 100/);
  assert.match(during(36, 2), /эта версия о нём не знает/);
  assert.match(said(13, ...jam, set(12, 'budget', true), ...ticks(12, 5, { again: 36 })), /тает/);
});

test('retries in calm weather are somebody who asks again for what was refused', () => {
  assert.match(said(3, ...ticks(2, 5, { again: 1 })), /твердят то, что уже отвергли/);
  assert.match(said(3, ...ticks(2, 5)), /Спокойно: 60 в секунду/);
});

test('what breaks in the retries themselves is told for four seconds', () => {
  const broke = [2, 'policy.broke', { error: 'ZeroDivisionError', text: 'integer modulo by zero' }];
  assert.match(said(3, broke), /ZeroDivisionError/);
  assert.doesNotMatch(said(7, broke), /ZeroDivisionError/);
});

test('attempts of a failed check are bars of one', () => {
  const attempt = (t, n, error) => [t, 'call.attempt', { call: 1, n, error }];
  const trace = replay(log(attempt(1, 1, 'TimeoutError'), attempt(2, 2, ''), [2, 'budget.tokens', { tokens: 1.5 }]), 3);
  assert.deepEqual(trace.bins.map(([t, first, all]) => [t, first, all]), [[1, 1, 1], [2, 0, 1]]);
  assert.equal(trace.tokens, 1.5);
  assert.match(scene.say(trace, 3), /Вызов 1, попытка 2: удача/);
});

test('arrivals older than the picture are forgotten', () => {
  const { bins } = at(30, ...ticks(1, 140));
  assert.ok(bins.length <= 66 && bins[0][0] > 15);
});

test('the chart is the last second of arrivals, and agrees with the balance the world reports', () => {
  const run = new Run(scene);
  run.push(recording());
  const chart = new Map(scene.overview(run, 60).series);
  const told = run.events.filter((event) => event.kind === 'fleet.balance');
  assert.ok(told.length > 50);
  for (const { t, arrivals } of told) assert.equal(chart.get(t), arrivals, `at ${t} s`);
});

test('the strip counts every answer, refusal and waste once', () => {
  const run = new Run(scene);
  run.push(recording());
  const counted = scene.overview(run, 60).bars.flat().reduce((sum, [, count]) => sum + count, 0);
  const happened = run.events.filter((event) => event.kind === 'fleet.load').reduce((sum, e) => sum + e.good + e.refused + e.wasted, 0);
  assert.equal(counted, happened);
});
