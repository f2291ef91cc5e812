import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Run } from '../../static/src/kit/run.js';
import { labelled, told, violation } from '../../static/src/demo/events.js';
import { load, log } from './helpers.mjs';

const { scene, recording, replay } = await load('circuit-breaker');

function recorded() {
  const run = new Run(scene, 64);
  run.push(recording());
  return run;
}

test('a scrub does not depend on where the viewer came from', () => {
  const run = recorded();
  run.at(run.end);
  const back = structuredClone(run.at(9));
  run.at(0);
  assert.deepEqual(run.at(9), back);
});

test('an event at the very moment has happened', () => {
  const run = new Run(scene);
  run.push(log([0, 'run.started', {}], [1, 'service.down', { down: true }]));
  assert.equal(run.at(1).down, true);
  assert.equal(run.at(0.999).down, false);
});

test('key moments are walked forward and back', () => {
  const run = recorded();
  const keys = [];
  for (let t = run.next(-1); t !== null; t = run.next(t)) keys.push(t);
  assert.ok(keys.length >= 5, 'the recording has something to jump to');
  assert.equal(run.previous(keys[2]), keys.filter((t) => t < keys[2] - 0.05).at(-1));
  assert.equal(run.next(run.end), null);
  assert.equal(run.previous(0), null);
});

test('the first rejection is a key moment and the second is not', () => {
  const run = new Run(scene);
  run.push(log([1, 'call.rejected', { id: 1, retry_in: 5 }], [2, 'call.rejected', { id: 2, retry_in: 4 }]));
  assert.deepEqual(run.events.map((event) => scene.key(event, run)), [true, false]);
});

test('the failure of a check is a key moment in every scene', () => {
  const run = new Run(scene);
  run.push(log([1, 'call.sent', { id: 1 }], [4, 'case.failed', { message: 'Цепь замкнута' }], [4, 'run.ended', {}]));
  assert.equal(run.next(0), 4);
});

test('the failure of a check is told with its moment, what was expected and what came', () => {
  const failed = { kind: 'case.failed', t: 10.5, message: 'Вызов идёт пробой', expected: 'вызов дошёл', got: 'отказ' };
  assert.equal(violation(failed), 'Нарушение на 10,5 с. Вызов идёт пробой. Ожидалось: вызов дошёл. Получилось: отказ.');
});

test('events of the runtime have words in every scene', () => {
  const names = { down: 'Сервис лежит' };
  assert.equal(told({ kind: 'control.set', name: 'down', value: true }, names), 'Сервис лежит: да');
  assert.equal(told({ kind: 'control.set', name: 'down', value: true, by: 'story' }, names), 'Сервис лежит: да (по\u00a0сценарию)');
  assert.equal(told({ kind: 'run.ended', text: 'Прогон завершён.' }), 'Прогон завершён.');
  assert.equal(told({ kind: 'call.sent', id: 1 }), '');
});

test('a button that was pressed has no value to tell', () => {
  const names = labelled([{ name: 'kill', label: 'Оборвать', kind: 'button' }]);
  assert.equal(told({ kind: 'control.set', name: 'kill', value: true }, names), 'Оборвать');
});

test('the inputs of a fork are the seed, the first controls and what the reader moved before the moment', () => {
  const run = new Run(scene);
  run.push(log(
    [0, 'run.started', { seed: 7, controls: { rps: 5 } }],
    [3.5, 'control.set', { name: 'rps', value: 8 }],
    [4, 'control.set', { name: 'down', value: true, by: 'story' }],
    [9, 'control.set', { name: 'down', value: true }],
  ));
  assert.deepEqual(run.inputs(5), { seed: 7, controls: { rps: 5 }, script: [[3.5, 'rps', 8]] });
});
