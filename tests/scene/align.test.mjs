import assert from 'node:assert/strict';
import { test } from 'node:test';
import { align, divergence } from '../../static/src/compare/align.js';
import { log } from './helpers.mjs';

const sides = (rows) => rows.map(({ left, right, same }) => [left?.n ?? null, right?.n ?? null, same]);
const counted = (...numbers) => log(...numbers.map((n, i) => [i, 'count', { n }]));
const at = (...pairs) => log(...pairs.map(([t, n]) => [t, 'count', { n }]));

test('equal logs do not part and share every row', () => {
  const [one, other] = [counted(1, 2, 3), counted(1, 2, 3)];
  assert.equal(divergence(one, other), null);
  assert.ok(align(one, other).every((row) => row.same));
});

test('the first event that differs is where two logs part', () => {
  assert.deepEqual(divergence(counted(1, 2, 3), counted(1, 5, 3)), { at: 1, t: 1 });
});

test('a log that goes on longer parts where the other ends', () => {
  assert.deepEqual(divergence(counted(1, 2), counted(1, 2, 3)), { at: 2, t: 2 });
});

test('how a run began is not where it parts', () => {
  const begun = (seed) => log([0, 'run.started', { seed }], [1, 'count', { n: 1 }]);
  assert.equal(divergence(begun(1), begun(2)), null);
});

test('an event only one side has stands alone, and what follows is aligned again', () => {
  const rows = align(at([0, 1], [1, 2], [2, 3]), at([0, 1], [2, 3]));
  assert.deepEqual(sides(rows), [[1, 1, true], [2, null, false], [3, 3, true]]);
});

test('two events of one kind at one moment stand in one row', () => {
  assert.deepEqual(sides(align(at([0, 1], [1, 2]), at([0, 1], [1, 7]))), [[1, 1, true], [2, 7, false]]);
});

test('without moments, what happened is compared, not when', () => {
  const one = log([0.1, 'a', {}], [0.5, 'b', { ms: 3 }]);
  const other = log([0.2, 'a', {}], [0.9, 'b', { ms: 4 }]);
  assert.equal(divergence(one, other, { timed: false }), null);
});

test('every event of both logs is in some row, once and in order, whatever the logs', () => {
  let seed = 1;
  const random = (most) => (seed = (seed * 48271) % 2147483647) % most;
  for (let round = 0; round < 200; round += 1) {
    const make = () => at(...Array.from({ length: random(14) }, (_, i) => [i, random(3)]));
    const [one, other] = [make(), make()];
    const rows = align(one, other);
    assert.deepEqual(rows.map((row) => row.left).filter(Boolean), one);
    assert.deepEqual(rows.map((row) => row.right).filter(Boolean), other);
    for (const { left, right, same } of rows) if (same) assert.equal(left.n, right.n);
  }
});

test('the alignment is the longest there is', () => {
  const longest = (a, b) => { // the textbook table, for short logs
    const table = Array.from({ length: a.length + 1 }, () => new Array(b.length + 1).fill(0));
    a.forEach((x, i) => b.forEach((y, j) => {
      table[i + 1][j + 1] = x === y ? table[i][j] + 1 : Math.max(table[i][j + 1], table[i + 1][j]);
    }));
    return table[a.length][b.length];
  };
  let seed = 7;
  const random = (most) => (seed = (seed * 48271) % 2147483647) % most;
  for (let round = 0; round < 200; round += 1) {
    const kinds = () => Array.from({ length: random(12) }, () => 'abc'[random(3)]);
    const [a, b] = [kinds(), kinds()];
    const rows = align(...[a, b].map((all) => log(...all.map((kind, i) => [i, kind, {}]))), { timed: false });
    assert.equal(rows.filter((row) => row.same).length, longest(a, b), `${a} ${b}`);
  }
});
