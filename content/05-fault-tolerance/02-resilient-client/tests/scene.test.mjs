/** What only this scene says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Run } from '../../../../static/src/kit/run.js';
import { load, log } from '../../../../tests/scene/helpers.mjs';

const { scene, recording, replay } = await load('resilient-client');

const ready = [0, 'world.ready', { deadline: 2, attempts: 3, pause: 4, most: 24 }];
const mode = (t, host, mode) => [t, 'server.mode', { host, mode }];
const sent = (t, id, host, n = 1) => [t, 'try.sent', { id, host, n, limit: 800 }];
const ended = (t, id, host, how, n = 1) => [t, 'try.ended', { id, host, n, how, ms: 100 }];
const done = (t, id, host, how, waited) => [t, 'call.done', { id, host, how, waited, budget: 2 }];
const said = (t, ...events) => scene.say(replay(log(ready, ...events), t), t);

test('many answers 500 behind a closed circuit are called by their number', () => {
  const bad = Array.from({ length: 9 }, (_, i) => ended(2 + i / 10, i, 'prices', '500'));
  assert.match(said(4, mode(1.5, 'prices', '500'), ...bad), /500 подряд: 9, а цепь замкнута/);
  assert.doesNotMatch(said(4, mode(1.5, 'prices', '500'), ...bad.slice(0, 3)), /подряд/);
});

test('an empty pool is told before anything else', () => {
  assert.match(said(5, mode(2, 'prices', '500'), [4, 'pool.level', { busy: 24, most: 24 }]), /Пул пуст/);
  assert.equal(scene.badge(replay(log(ready, [4, 'pool.level', { busy: 24, most: 24 }]), 5))[0], 'fail');
});

test('an order made twice is told, and then forgotten', () => {
  const twice = [3, 'order.twice', { order: 17, times: 2 }];
  assert.match(said(4, twice), /Заказ 17 выполнен ещё раз/);
  assert.doesNotMatch(said(6, twice), /Заказ/);
});

test('a call that outlives its deadline is told while it lasts', () => {
  assert.match(said(3.2, sent(1, 1, 'catalog')), /Дедлайн прошёл, а «Каталог» всё пробуют/);
  assert.doesNotMatch(said(2.9, sent(1, 1, 'catalog')), /Дедлайн прошёл/);
  assert.doesNotMatch(said(3.9, sent(1, 1, 'catalog'), done(3.7, 1, 'catalog', 'timeout', 2.7)), /Дедлайн прошёл/);
});

test('the bar keeps the attempts of the oldest call under way, then of the last one', () => {
  const events = log(ready, sent(1, 1, 'catalog'), sent(1.5, 2, 'catalog'), ended(1.8, 1, 'catalog', 'timeout'), sent(1.9, 1, 'catalog', 2));
  const { calls } = replay(events, 2).hosts.catalog;
  assert.deepEqual(Object.keys(calls), ['1', '2']);
  assert.deepEqual(calls[1].parts.map(({ how }) => how), ['timeout', null]);
  const after = replay(log(ready, sent(1, 1, 'catalog'), ended(1.1, 1, 'catalog', '200'), done(1.1, 1, 'catalog', '200', 0.1)), 2).hosts.catalog;
  assert.deepEqual([Object.keys(after.calls), after.last.parts[0].how], [[], '200']);
});

test('the charted number is the longest wait of the last two seconds', () => {
  const events = log(ready, done(1, 1, 'catalog', 'timeout', 2), done(2, 2, 'prices', '200', 0.1), done(3.5, 3, 'prices', '200', 0.1));
  assert.deepEqual([1, 2, 3.5].map((t) => scene.value(replay(events, t))), [2, 2, 0.1]);
});

test('a call refused by the breaker goes no further than it, and a pool without connections sends nothing', () => {
  const legs = (state) => state.moves.map(({ leg }) => leg);
  assert.deepEqual(legs(replay(log(ready, done(1, 1, 'prices', 'open', 0)), 1)), ['inprices', 'inprices']);
  assert.deepEqual(legs(replay(log(ready, [0.5, 'pool.level', { busy: 24, most: 24 }], sent(1, 1, 'prices')), 1)), []);
});

test('the band shows the worst of three circuits', () => {
  const turn = (t, host, before, after) => [t, 'breaker.state', { host, before, after }];
  const run = new Run(scene);
  run.push(log(ready, turn(1, 'catalog', 'closed', 'open'), turn(2, 'prices', 'closed', 'open'), turn(3, 'catalog', 'open', 'half_open'),
    turn(4, 'prices', 'open', 'closed'), turn(5, 'catalog', 'half_open', 'closed'), done(6, 1, 'prices', '200', 0.1)));
  assert.deepEqual(scene.overview(run, 10).bands.map(({ kind, from }) => [kind, from]), [['closed', 0], ['open', 1], ['half_open', 4], ['closed', 5]]);
});

test('the strip counts every call once', () => {
  const run = new Run(scene);
  run.push(recording());
  const counted = scene.overview(run, 60).bars.flat().reduce((sum, [, count]) => sum + count, 0);
  assert.equal(counted, run.events.filter(({ kind }) => kind === 'call.done').length);
});

test('the still shows a third attempt under way', () => {
  const run = new Run(scene);
  run.push(recording());
  const shown = Object.values(run.at(scene.still(run)).hosts).some(({ calls }) => Object.values(calls)[0]?.parts.length === 3);
  assert.ok(shown);
});
