/** What only this scene says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Run } from '../../../../static/src/kit/run.js';
import { load, log } from '../../../../tests/scene/helpers.mjs';

const { scene, recording, replay } = await load('jwt');

const ready = [0, 'world.ready', { access_ttl: 10, bound: 20 }];
const issued = (t, token, typ, family, who = 'anya') => [t, 'token.issued', { token, typ, who, family, until: t + 10 }];
const pair = (t, family, who) => [issued(t, t * 10, 'access', family, who), issued(t, t * 10 + 1, 'refresh', family, who)];
const done = (t, who, way, error = '', role = 'editor') => [t, 'request.done', { who, way, ok: !error, error, role: error ? '' : role }];
const stolen = (t) => [t, 'token.stolen', { access: 1, refresh: 2 }];
const inside = (t, minutes) => [t, 'thief.inside', { minutes }];
const begun = [ready, ...pair(1, 1), done(1, 'anya', 'login')];
const at = (t, ...events) => replay(log(...begun, ...events), t);
const said = (t, ...events) => scene.say(at(t, ...events), t);

test('each forgery has its own sentence, refused and let in', () => {
  assert.match(said(5, done(5, 'thief', 'tampered', 'InvalidToken')), /Подпись не сошлась/);
  assert.match(said(5, done(5, 'thief', 'unsigned', 'InvalidToken')), /Алгоритм выбирает сервер/);
  assert.match(said(5, done(5, 'thief', 'confused', 'InvalidToken')), /Тип не тот/);
  assert.match(said(5, done(5, 'thief', 'unsigned', '', 'admin')), /стал админом/);
  assert.match(said(5, done(5, 'thief', 'confused')), /на неделю/);
});

test('who came second decides the sentence about a reuse', () => {
  assert.match(said(5, done(5, 'thief', 'refresh', 'TokenReused')), /он у двоих/);
  assert.match(said(5, done(5, 'anya', 'refresh', 'TokenReused')), /не гадает/);
});

test('a role lost on refresh is told with both words', () => {
  assert.match(said(5, ...pair(5, 1), done(5, 'anya', 'refresh', '', 'reader')), /была «редактор», стала «читатель»/);
  assert.doesNotMatch(said(5, ...pair(5, 1), done(5, 'anya', 'refresh')), /потерялась/);
});

test('one token with two heirs is told', () => {
  const heirs = [...pair(5, 1, 'thief'), done(5, 'thief', 'refresh'), ...pair(5, 1), done(5, 'anya', 'refresh')];
  assert.match(said(5, ...heirs), /дважды, и оба раза удачно/);
});

test('a closed family ends its last token with a cross, another is left alone', () => {
  const { chain } = at(9, ...pair(3, 2), [6, 'family.closed', { family: 1, why: 'reuse' }]);
  assert.deepEqual(chain.map(({ family, end, mark }) => [family, end, mark]), [[1, 6, true], [2, undefined, undefined]]);
});

test('a refresh ends the token before it without a cross', () => {
  const { chain } = at(9, ...pair(5, 1));
  assert.deepEqual(chain.map(({ end, mark, first }) => [end, mark, first]), [[5, false, true], [undefined, undefined, false]]);
});

test('the thief holds what Anya held, until it expires, and a confused token for ever', () => {
  assert.deepEqual(at(5, stolen(4)).thief, [{ from: 4, until: 11 }]);
  assert.ok(at(9, stolen(4), done(8, 'thief', 'confused')).thief.at(-1).until > 900);
});

test('past the bound the sentence says so', () => {
  assert.match(said(30, stolen(4), inside(29, 25)), /при пределе 20/);
  assert.match(said(12, stolen(4), inside(12, 8)), /настоящий и не истёк/);
});

test('a second theft while the thief is in does not begin the count anew', () => {
  assert.equal(at(9, stolen(4), inside(6, 2), stolen(8)).minutes, 2);
  const run = new Run(scene);
  run.push(log(...begun, stolen(4), inside(6, 2), stolen(8), inside(9, 5), [12, 'thief.out', { minutes: 5, bound: 20 }]));
  const bands = scene.overview(run, 20).bands.filter(({ kind }) => kind === 'open');
  assert.deepEqual(bands.map(({ from, to }) => [from, to]), [[4, 12]]);
});

test('the chart holds every measured minute of the recording', () => {
  const run = new Run(scene);
  run.push(recording());
  const series = scene.overview(run, 60).series.map(([t, value]) => `${t}:${value}`);
  for (const { t, minutes } of run.events.filter((e) => e.kind === 'thief.inside')) assert.ok(series.includes(`${t}:${minutes}`), `at ${t}`);
});
