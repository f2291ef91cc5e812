import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Run } from '../../static/src/kit/run.js';
import { load, log } from './helpers.mjs';

const { scene, recording, replay } = await load('circuit-breaker');

const opened = [5, 'breaker.state', { before: 'closed', after: 'open' }];
const half = [10, 'breaker.state', { before: 'open', after: 'half_open' }];

test('every event of the recording that is about the scene has words in the log', () => {
  const own = recording().filter((event) => /^(call|breaker|service)\./.test(event.kind));
  for (const event of own) assert.ok(scene.columns[0].text(event), event.kind);
});

test('calls that stand before the breaker are called a queue', () => {
  const sent = [1, 2, 3, 4, 5].map((id) => [1 + id / 10, 'call.sent', { id }]);
  const state = replay(log(...sent, [1.9, 'call.passed', { id: 1, probe: false }]), 3);
  assert.match(scene.say(state, 3), /очередь/);
});

test('a refusal in half-open with nobody probing is called nonsense', () => {
  const state = replay(log(opened, half, [10, 'call.rejected', { id: 1, retry_in: -0.1 }]), 10.2);
  assert.match(scene.say(state, 10.2), /Нелепый отказ/);
});

test('a refusal beside a probe under way is no nonsense', () => {
  const probe = [10, 'call.passed', { id: 1, probe: true }];
  const state = replay(log(opened, half, probe, [10.1, 'call.rejected', { id: 2, retry_in: 0 }]), 10.2);
  assert.match(scene.say(state, 10.2), /по одному пробному/);
});

test('many probes at once are called a crowd', () => {
  const crowd = [1, 2, 3, 4].map((id) => [10 + id / 10, 'call.passed', { id, probe: true }]);
  const state = replay(log(opened, half, ...crowd), 11);
  assert.match(scene.say(state, 11), /толпа/);
});

test('nothing is measured while the circuit is open', () => {
  const state = replay(log([4, 'breaker.count', { failures: 4, successes: 0, in_flight: 0 }], opened), 6);
  assert.equal(scene.value(state, 6), null);
});

test('the chart reaches the threshold by the failure that opened the circuit, then breaks', () => {
  const run = new Run(scene);
  run.push(log(
    [0, 'world.ready', { clients: 1, failure_threshold: 2, success_threshold: 1, timeout: 5 }],
    [4, 'breaker.count', { failures: 1, successes: 0, in_flight: 0 }],
    [5, 'breaker.state', { before: 'closed', after: 'open' }],
    [5, 'breaker.count', { failures: 2, successes: 0, in_flight: 0 }],
  ));
  assert.deepEqual(scene.overview(run, 10).series, [[0, 0], [4, 0], [4, 1], [5, 1], [5, 2], [5, null]]);
});

test('a moved threshold is a step of the bound', () => {
  const run = new Run(scene);
  run.push(log(
    [0, 'world.ready', { clients: 1, failure_threshold: 5, success_threshold: 1, timeout: 5 }],
    [6, 'control.set', { name: 'failure_threshold', value: 3 }],
  ));
  assert.deepEqual(scene.overview(run, 10).bound, [[0, 5], [6, 3]]);
  assert.equal(run.at(6).trip, 3);
});

test('the bands of states cover the run without gaps', () => {
  const run = new Run(scene);
  run.push(recording());
  const { bands } = scene.overview(run, 60);
  assert.equal(bands[0].from, 0);
  assert.equal(bands.at(-1).to, run.end);
  for (let i = 1; i < bands.length; i++) assert.equal(bands[i].from, bands[i - 1].to);
});

test('the strip counts every outcome once', () => {
  const run = new Run(scene);
  run.push(recording());
  const counted = scene.overview(run, 60).bars.flat().reduce((sum, [, count]) => sum + count, 0);
  const outcomes = run.events.filter((event) => ['call.ok', 'call.failed', 'call.rejected'].includes(event.kind));
  assert.equal(counted, outcomes.length);
});
