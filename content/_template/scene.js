import { overview } from '#kit';

const MOST = 10; // places drawn
const OUTCOME = { 'call.done': 'ok', 'call.failed': 'fail', 'call.refused': 'reject' };
const WORDS = {
  'call.sent': (e) => `Вызов ${e.id}: пришёл`,
  'call.done': (e) => `Вызов ${e.id}: ответ`,
  'call.failed': (e) => `Вызов ${e.id}: ошибка`,
  'call.refused': (e) => `Вызов ${e.id}: отказ, мест нет`,
};

export default {
  legend: [['ok', 'ответ'], ['fail', 'ошибка'], ['reject', 'отказ']],
  chart: { label: 'Занято мест', bound: (value) => `мест ${value}` },
  columns: [{ title: 'Что случилось', text: (e) => WORDS[e.kind]?.(e) ?? '' }],
  height: () => 150,

  initial: () => ({ limit: 4, inside: 0, ok: 0, fail: 0, reject: 0, refused: -9 }),

  reduce(s, e) {
    if (e.kind === 'world.ready') s.limit = e.limit;
    if (!OUTCOME[e.kind]) return s;
    s[OUTCOME[e.kind]] += 1;
    s.inside = e.inside;
    if (e.kind === 'call.refused') s.refused = e.t;
    return s;
  },

  layout(k) {
    k.gate = k.node({ x: k.w / 2, y: 62, w: 232, h: 92, icon: 'server', title: 'Пункт' });
    k.places = k.cells(k.w / 2, 76, MOST);
    k.counts = k.tally(k.w / 2 - 90, 140, ['ok', 'fail', 'reject'], 66);
  },

  draw(k, s, t) {
    k.places(Array.from({ length: Math.min(s.limit, MOST) }, (_, i) => (i < s.inside ? 'busy' : 'none')));
    k.counts([s.ok, s.fail, s.reject]);
    k.gate.tone(t - s.refused < 0.3 ? 'fail' : 'plain');
  },

  value: (s) => s.inside,
  badge: (s) => (s.inside >= s.limit ? ['fail', 'Полон'] : ['ok', 'Открыт']),
  key: (e, run) => e.kind === 'control.set' || (e.kind === 'call.refused' && run.isFirst(e)),
  say: (s) => (s.inside >= s.limit ? 'Мест нет: новые вызовы получают отказ сразу.' : `Занято мест: ${s.inside} из ${s.limit}.`),

  overview: (run, n) => overview(run, n, {
    first: 'open', names: { open: 'работает' }, measured: 'open',
    phase: () => null,
    value: (e) => (OUTCOME[e.kind] ? e.inside : undefined),
    bound: (e) => e.limit,
    mark: (e) => e.kind === 'control.set' && { label: 'рычаг', short: 'рычаг' },
    outcome: (e) => OUTCOME[e.kind],
  }),
};
