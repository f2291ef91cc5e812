import { clamp, fmt, linear, overview } from '#kit';

const TICK = 0.2; // seconds a `load` event tells about, as in demo.py
const SPAN = 12; // seconds of arrivals in sight
const FLIGHT = 0.3; // seconds a request is seen on its way
const NAME = { ok: 'Работает', down: 'Лежит', jam: 'Затор' };
const TONE = { ok: 'ok', down: 'fail', jam: 'probe' };
const BAND = { ok: 'closed', down: 'open', jam: 'half_open' }; // of the kit's colours
const JITTER = { none: 'без джиттера', tenth: 'джиттер ±10\u00a0%', equal: 'половинный джиттер', full: 'полный джиттер', decorrelated: 'декоррелированный джиттер' };
const STORY = { jitter: (value) => JITTER[value], budget: (value) => (value ? 'с бюджетом' : 'без бюджета') };
const WORDS = {
  load: (e) => `Пришло ${e.first} + ${e.again}, ответов ${e.good}, отказов ${e.refused}, впустую ${e.wasted}`,
  balance: (e) => `За секунду пришло ${e.arrivals}; без ответов придёт ${e.worst}`,
  'service.state': (e) => `Сервис: ${NAME[e.before]} → ${NAME[e.after]}`.toLowerCase(),
  'policy.broke': (e) => `Сломались сами повторы: ${e.error}`,
  attempt: (e) => `Вызов ${e.call}, попытка ${e.n}: ${e.error || 'удача'}`,
  'budget.tokens': (e) => `В бюджете ${fmt(e.tokens, 3)}`,
};
const sum = (s, name) => s.flow.reduce((total, one) => total + one[name], 0);
const arrivals = (s) => sum(s, 'first') + sum(s, 'again');
const path = (...parts) => parts.map((part) => (typeof part === 'string' ? part : part.toFixed(1))).join(' ');
const rect = (x, y, w, h) => path('M', x, y, 'h', w, 'v', h, 'h', -w, 'z');
const dot = (x, y, r) => path('M', x - r, y, 'a', r, r, '0 1 0', 2 * r, '0a', r, r, '0 1 0', -2 * r, '0');
const square = (x, y, r) => rect(x - r, y - r, 2 * r, 2 * r);
const diamond = (x, y, r) => path('M', x - r, y, 'l', r, -r, r, r, -r, r, 'z');
const MARKS = [dot, square, dot, diamond]; // as the kit's packets: asked, asked again, answered, refused

/** Every client a mark, gathered by what it does: diamonds have lost their report, squares ask, pause or rest. */
function crowd(k, s, { upset, pausing, asking }) {
  const wide = k.client.w - 26;
  const step = wide / Math.ceil(Math.sqrt((s.clients * wide) / 66));
  const ends = [upset, upset + pausing, upset + pausing + asking, s.clients];
  const d = MARKS.map(() => '');
  let [x, y] = [0, k.client.y - 12];
  for (let i = 0, kind = 0; i < s.clients; i++, x += step) {
    while (i >= ends[kind]) kind += 1;
    if (x > wide - 1) [x, y] = [0, y + step];
    d[kind] += (kind ? square : diamond)(k.client.x - wide / 2 + x + step / 2, y, kind ? step / 2 - 0.7 : step / 2);
  }
  d.forEach((one, i) => k.set(k.crowd[i], 'd', one));
}

/** Arrivals of the last SPAN seconds, fifth by fifth, under the limit and the model's worst case. */
function histogram(k, s, t) {
  const top = s.capacity * 4 || 20;
  const y = (rate) => k.base - clamp(rate / top) * (k.base - k.top);
  const x = linear(t - SPAN, t, 2, k.w - 6);
  const wide = x(TICK) - x(0) - 1;
  const d = ['', '', ''];
  let [peak, middle] = [0, 0];
  for (const [at, first, all, down] of s.bins) {
    const left = x(at) - wide;
    if (left < 2) continue;
    if (down) d[0] += rect(left, k.top, wide + 1, k.base - k.top);
    const [low, high] = [y(first / TICK), y(all / TICK)];
    d[1] += rect(left, low, wide, k.base - low);
    d[2] += rect(left, high, wide, low - high);
    if (all > peak) [peak, middle] = [all, left + wide / 2];
  }
  d.forEach((one, i) => k.set(k.bars[i], 'd', one));
  k.peak(middle, peak / TICK > top ? k.top + 10 : -99, peak / TICK);
  k.limit(0, s.capacity ? y(s.capacity) : -99, `предел ${s.capacity}`);
  k.worst(0, s.worst ? y(s.worst) : -99, `если замолчит: ${s.worst}`, s.worst > s.capacity ? 'k-flag tone-fail' : 'k-flag');
}

/** Requests and answers on their way, small enough for hundreds; a herd is a wall of them. */
function flow(k, s, t) {
  const edge = k.client.w + 9;
  const d = MARKS.map(() => '');
  const fly = (count, kind, start) => {
    for (let i = 0; i < count; i++) {
      const part = (t - start - (i / count) * TICK) / FLIGHT;
      const way = kind < 2 ? part : 1 - part;
      const scatter = ((i * 0.618 + start * 7) % 1) - 0.5; // even and unordered, the same every time
      if (part >= 0 && part <= 1) d[kind] += MARKS[kind](edge + (k.w - 2 * edge - 4) * way, k.client.y + (96 - 52 * way) * scatter, k.vertical ? 2.5 : 4);
    }
  };
  for (const { t: at, first, again, good, refused } of s.flow) [first, again, good, refused].forEach((count, kind) => fly(count, kind, at + (kind === 3 ? FLIGHT : 0)));
  d.forEach((one, kind) => k.set(k.flying[kind], 'd', one));
}

export default {
  legend: [['request', 'первая попытка'], ['reject', 'повтор'], ['ok', 'ответ вовремя'], ['fail', 'отказ или работа впустую']],
  chart: { label: 'Запросов в секунду', bound: (value) => `предел ${value}` },
  columns: [{ title: 'Что случилось', text: (e) => WORDS[e.kind]?.(e) ?? '' }],
  height: (width) => (width < 560 ? 300 : 320),
  initial: () => ({
    phase: 'ok', since: 0, up: 0, budget: true, changed: 0, jitter: 'full', clients: 300, capacity: 0, worst: 0,
    tokens: -1, bins: [], flow: [], broke: null, solo: null,
  }),

  reduce(s, e) {
    const arrived = (first, all) => { s.bins = [...s.bins.filter(([t]) => t > e.t - SPAN - 1), [e.t, first, all, s.phase === 'down']]; };
    if (e.kind === 'run.started') Object.assign(s, e.controls);
    if (e.kind === 'world.ready') Object.assign(s, e);
    if (e.kind === 'control.set') s[e.name] = e.value;
    if (e.name === 'budget') s.changed = e.t;
    if (e.kind === 'balance') s.worst = e.worst;
    if (e.kind === 'policy.broke') s.broke = e;
    if (e.kind === 'service.state') {
      if (e.before === 'down') s.up = e.t;
      Object.assign(s, { phase: e.after, since: e.t });
    }
    if (e.kind === 'load') arrived(e.first, e.first + e.again), (s.flow = [...s.flow.slice(-4), e]);
    if (e.kind === 'attempt') arrived(+(e.n === 1), 1), (s.solo = e);
    s.tokens = e.tokens ?? s.tokens;
    return s;
  },

  layout(k) {
    const v = k.vertical;
    const box = { w: v ? 132 : 208, h: 118, y: 64 };
    k.client = k.node({ ...box, x: box.w / 2 + 1, icon: 'client', title: v ? 'Парк' : 'Самокаты' });
    k.service = k.node({ ...box, x: k.w - box.w / 2 - 5, icon: 'server', title: 'Сервис' });
    const paths = (...kinds) => kinds.map((kind) => k.shape('path', { class: kind }));
    k.crowd = paths('p-fail', 'p-reject', 'p-request', 'k-cell');
    const left = k.service.x - box.w / 2 + 14;
    k.line = k.cells(left, box.y - 17, v ? 16 : 28, { size: 10, gap: 3, centre: false, per: v ? 8 : 14 });
    k.rates = k.tally(left - 2, box.y + 45, ['ok', 'fail'], v ? 50 : 60);
    if (!v) k.text(left + 176, box.y + 45, 'k-tick k-end')('в секунду');
    [k.top, k.base] = [186, k.h - 20];
    k.mode = k.text(v ? 2 : k.w - 5, k.top - 10, `k-sub ${v ? 'k-left' : 'k-end'}`);
    if (!v) k.text(2, k.top - 10, 'k-cap')('Приходит запросов в секунду');
    k.bars = paths('k-band b-open', 'p-request', 'p-reject');
    const label = (kind, line) => {
      const group = k.shape('g', {}, k.over);
      if (line) k.shape('line', { class: line, x1: 2, x2: k.w - 6 }, group);
      const write = k.text(line === 'k-flag' ? k.w - 8 : 0, line ? -5 : 0, kind, group);
      return (x, y, words, tone = '') => {
        k.set(group, 'transform', `translate(${path(x, y)})`);
        k.set(group, 'class', tone);
        write(words);
      };
    };
    k.limit = label('k-bound-t', 'k-bound');
    k.worst = label('k-flag-t k-end', 'k-flag');
    k.peak = label('k-flag-t k-mid');
    k.flying = paths('p-request', 'p-reject', 'p-ok', 'p-fail');
    k.text(k.w / 6, k.h - 4, 'k-tick k-mid')('10\u00a0с назад');
  },

  draw(k, s, t) {
    const now = s.flow.at(-1) ?? { asking: 0, pausing: 0, upset: 0, queue: 0, stale: 0 };
    const cells = k.vertical ? 16 : 28;
    crowd(k, s, now);
    flow(k, s, t);
    histogram(k, s, t);
    k.line(Array.from({ length: cells }, (_, i) => (i * s.backlog < now.stale * cells ? 'fail' : i * s.backlog < now.queue * cells ? 'busy' : 'none')));
    k.rates([sum(s, 'good'), sum(s, 'wasted') + sum(s, 'refused')]);
    k.service.tone(s.phase === 'down' ? 'fail' : 'plain');
    k.service.note(s.phase === 'down' ? 'не отвечает' : `в очереди ${now.queue}${k.vertical ? '' : `, ничьих ${now.stale}`}`);
    k.client.note(s.solo ? `попытка ${s.solo.n}` : now.pausing ? `в паузе ${now.pausing}` : now.upset ? `не дозвались ${now.upset}` : `на линии ${s.clients}`);
    k.mode(`${JITTER[s.jitter]}, ${s.tokens < 0 ? 'без бюджета' : `бюджет ${fmt(s.tokens)}`}`);
  },

  value: (s) => (s.flow.length ? arrivals(s) : null),
  badge: (s) => [TONE[s.phase], NAME[s.phase]],
  key: (e, run) => e.kind === 'service.state' || (e.by === 'story' && e.name in STORY) || (e.kind === 'policy.broke' && run.isFirst(e)),
  still: (run) => (run.events.findLast((e) => e.after === 'jam')?.t ?? 0) + 4,

  say(s, t) {
    const [again, come, age, queue] = [sum(s, 'again'), arrivals(s), t - s.up, s.flow.at(-1)?.queue];
    if (s.broke && t - s.broke.t < 4) return `${WORDS['policy.broke'](s.broke)}. Сервис ни при чём.`;
    if (s.solo) return `${WORDS.attempt(s.solo)}.`;
    if (s.phase === 'down') {
      if (t - s.since < 1) return 'Сервис упал, и все самокаты пришли в один миг.';
      if (s.budget && s.tokens < 0.1) return 'Бюджет исчерпан: идут одни первые попытки.';
      return /none|tenth/.test(s.jitter) ? 'Сервис лежит. Паузы у всех одинаковы: повторы приходят строем.' : 'Сервис лежит. Джиттер размазал повторы, но их не меньше.';
    }
    if (s.phase === 'jam') {
      if (!s.budget) return `Сервис исправен уже ${fmt(age, 0)}\u00a0с, но вовремя не отвечает никому: из ${come} запросов ${again} — повторы.`;
      if (again > 20) return s.tokens < s.savings || t - s.changed < 3 ? 'Бюджет тает: за каждый повтор надо платить.' : 'Бюджет включён, но эта версия о нём не знает.';
      return `Повторы иссякли: приходит ${come} при пределе ${s.capacity}, очередь рассасывается.`;
    }
    if (s.up && age < 3 && again > s.capacity) return `Сервис ожил и получил строй повторов: ${again} за секунду.`;
    if (s.up && age < 4) return queue > 80 ? `Сервис ожил, но в очереди ${queue}: дождутся не все.` : 'Сервис ожил и успевает.';
    if (again > 2) return `Сервис здоров, а повторы идут: ${again} в секунду. Твердят то, что уже отвергли.`;
    return `Спокойно: ${come} запросов в секунду при пределе ${s.capacity}.`;
  },

  overview(run, slices) {
    const mark = (e) => e.by === 'story' && STORY[e.name] && { label: STORY[e.name](e.value) };
    const none = () => undefined;
    const names = { closed: NAME.ok, open: NAME.down, half_open: NAME.jam };
    const bound = (e) => (e.kind === 'world.ready' ? e.capacity : undefined);
    const drawn = overview(run, slices, { first: 'closed', names, mark, phase: (e) => BAND[e.after], value: none, bound, outcome: none });
    const loads = run.events.filter((e) => e.kind === 'load');
    drawn.series = loads.map((e, i) => [e.t, arrivals({ flow: loads.slice(Math.max(0, i - 4), i + 1) })]);
    for (const e of loads) {
      const bars = drawn.bars[Math.min(slices - 1, Math.floor((e.t / run.end) * slices))];
      [e.wasted, e.refused, e.good].forEach((count, i) => { bars[i][1] += count; });
    }
    return { ...drawn, high: Math.max(drawn.high, ...drawn.series.map(([, value]) => value)) };
  },
};
