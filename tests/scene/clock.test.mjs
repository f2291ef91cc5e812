import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Clock, Edge } from '../../static/src/kit/clock.js';
import { Throttle } from '../../static/src/kit/controls.js';

/** Runs a clock frame by frame from `now`, `ms` milliseconds long. */
function frames(clock, end, ms, from = 0) {
  for (let now = from; now <= from + ms; now += 10) clock.tick(now, end);
}

test('playback moves by its speed', () => {
  const clock = new Clock();
  clock.speed = 2;
  clock.play(30);
  frames(clock, 30, 1000);
  assert.ok(Math.abs(clock.t - 2) < 0.05, `${clock.t}`);
});

test('playback stops at the end and starts over from it', () => {
  const clock = new Clock();
  clock.play(1);
  frames(clock, 1, 2000);
  assert.deepEqual([clock.t, clock.playing], [1, false]);
  clock.play(1);
  assert.equal(clock.t, 0);
});

test('a sleeping tab does not make the playhead jump', () => {
  const clock = new Clock();
  clock.play(60);
  clock.tick(0, 60);
  clock.tick(30_000, 60);
  assert.ok(clock.t <= 0.1);
});

test('the live edge runs on between events, but not far', () => {
  const edge = new Edge();
  edge.arrived(5, 1000);
  assert.ok(Math.abs(edge.at(1200, 5) - 5.2) < 1e-9);
  assert.ok(edge.at(60_000, 5) <= 6);
});

test('the live edge of a paused run stands', () => {
  const edge = new Edge();
  edge.arrived(5, 1000);
  edge.pause(5);
  assert.equal(edge.at(9000, 5), 5);
  edge.resume(9000);
  assert.ok(Math.abs(edge.at(9100, 5) - 5.1) < 1e-9);
});

test('a change of speed does not move the edge', () => {
  const edge = new Edge();
  edge.arrived(5, 1000);
  edge.setSpeed(4, 1000);
  assert.ok(Math.abs(edge.at(1000, 5) - 5) < 1e-9);
  assert.ok(Math.abs(edge.at(1100, 6) - 5.4) < 1e-9);
});

test('a viewer who scrubbed back in a live run catches up and follows again', () => {
  const clock = new Clock();
  clock.live = true;
  clock.edge.arrived(10, 0);
  clock.seek(9.5, 10);
  clock.play(10);
  frames(clock, 10, 1000);
  assert.equal(clock.following, true);
});

test('following never goes back', () => {
  const clock = new Clock();
  clock.live = true;
  clock.follow();
  clock.edge.arrived(5, 0);
  clock.tick(300, 5);
  const before = clock.t;
  clock.edge.arrived(5.05, 310); // late by the network
  clock.tick(320, 5.05);
  assert.ok(clock.t >= before);
});

test('a dragged slider sends at most twenty values a second, and always the last', () => {
  let now = 0;
  const sent = [];
  const timers = [];
  const throttle = new Throttle((name, value) => sent.push(value), {
    now: () => now, later: (run, ms) => timers.push({ at: now + ms, run }),
  });
  for (; now < 1000; now += 5) {
    for (const timer of timers.splice(0)) (timer.at <= now ? timer.run() : timers.push(timer));
    throttle.put('rps', now);
  }
  now = 2000;
  for (const timer of timers.splice(0)) timer.run();
  assert.ok(sent.length <= 21, `${sent.length}`);
  assert.equal(sent.at(-1), 995);
});
