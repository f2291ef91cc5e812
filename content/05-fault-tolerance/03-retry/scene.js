import { clamp, fmt, linear, overview } from '#kit';

const [TICK, SPAN, FLIGHT] = [0.2, 12, 0.3]; // seconds: of one `fleet.load`, of arrivals in sight, of a request on its way
const CALM = { asking: 0, pausing: 0, upset: 0, queue: 0, stale: 0 };
const NAME = { ok: 'Работает', down: 'Лежит', jam: 'Затор' };
const BAND = { ok: 'closed', down: 'open', jam: 'half_open' }; // of the kit's colours
const OTHER = { equal: 'половинный джиттер', full: 'полный джиттер', decorrelated: 'декоррелированный джиттер' };
const JITTER = { none: 'без джиттера', tenth: 'джиттер ±10\u00a0%', ...OTHER };
const STORY = { jitter: (value) => JITTER[value], budget: (value) => (value ? 'с бюджетом' : 'без бюджета') };
const WORDS = {
  'fleet.load': (e) => `Пришло ${e.first} + ${e.again}, ответов ${e.good}, отказов ${e.refused}, впустую ${e.wasted}`,
  'fleet.balance': (e) => `За секунду пришло ${e.arrivals}; без ответов придёт ${e.worst}`,
  'service.state': (e) => `Сервис: ${NAME[e.before]} → ${NAME[e.after]}`.toLowerCase(),
  'policy.broke': (e) => `Сломались сами повторы: ${e.error}`,
  'call.attempt': (e) => `Вызов ${e.call}, попытка ${e.n}: ${e.error || 'удача'}`,
};
const sum = (flow, ...names) => flow.reduce((total, one) => names.reduce((part, name) => part + one[name], total), 0);
const path = (...parts) => parts.map((part) => (typeof part === 'string' ? part : part.toFixed(1))).join(' ');
const rect = (x, y, w, h) => path('M', x, y, 'h', w, 'v', h, 'h', -w, 'z');
const dot = (x, y, r) => path('M', x - r, y, 'a', r, r, '0 1 0', 2 * r, '0a', r, r, '0 1 0', -2 * r, '0');
const square = (x, y, r) => rect(x - r, y - r, 2 * r, 2 * r);
const diamond = (x, y, r) => path('M', x - r, y, 'l', r, -r, r, r, -r, r, 'z');
const MARKS = [dot, square, dot, diamond]; // as the kit's packets: asked, asked again, answered, refused

/** Every client a mark, gathered by what it does: diamonds have lost their report, squares pause, ask or rest. */
function crowd(k, { clients, now: { upset, pausing, asking } }) {
  const [wide, d] = [k.client.w - 26, ['', '', '', '']];
  const cols = Math.ceil(Math.sqrt((clients * wide) / 66));
  const step = wide / cols;
  for (let i = 0; i < clients; i++) {
    const kind = [upset, upset + pausing, upset + pausing + asking, clients].findIndex((end) => i < end);
    const [x, y] = [k.client.x - wide / 2 + ((i % cols) + 0.5) * step, k.client.y - 12 + Math.floor(i / cols) * step];
    d[kind] += kind ? square(x, y, step / 2 - 0.7) : diamond(x, y, step / 2);
  }
  k.crowd(d);
}

/** Arrivals of the last SPAN seconds, fifth by fifth, under the limit and the model's worst case. */
function histogram(k, s, t) {
  const top = s.capacity * 4 || 20; // higher bars are cut off, and the highest says its number
  const y = (rate) => k.base - clamp(rate / top) * (k.base - k.top);
  const x = linear(t - SPAN, t, 2, k.w - 6);
  const wide = x(TICK) - x(0) - 1;
  let [peak, middle, d] = [0, 0, ['', '', '']];
  for (const [at, first, all, down] of s.bins) {
    const left = x(at) - wide;
    if (left < 2) continue;
    const [low, high] = [y(first / TICK), y(all / TICK)];
    d[0] += down ? rect(left, k.top, wide + 1, k.base - k.top) : '';
    d[1] += rect(left, low, wide, k.base - low);
    d[2] += rect(left, high, wide, low - high);
    if (all > peak) [peak, middle] = [all, left + wide / 2];
  }
  k.bars(d);
  k.peak(middle, peak / TICK > top ? k.top + 10 : -99, peak / TICK);
  k.limit(0, s.capacity ? y(s.capacity) : -99, `предел ${s.capacity}`);
  k.worst(0, s.worst ? y(s.worst) : -99, `если замолчит: ${s.worst}`, s.worst > s.capacity ? 'k-flag tone-fail' : 'k-flag');
}

/** Requests and answers on their way, small enough for hundreds; a herd is a wall of them. */
function flow(k, s, t) {
  const [edge, d] = [k.client.w + 9, ['', '', '', '']];
  for (const e of s.flow) for (const [kind, count] of [e.first, e.again, e.good, e.refused].entries()) for (let i = 0; i < count; i++) {
    const part = (t - e.t - (i / count) * TICK) / FLIGHT - (kind === 3);
    const way = kind < 2 ? part : 1 - part;
    const y = k.client.y + (96 - 52 * way) * (((i * 0.618 + e.t * 7) % 1) - 0.5); // even and unordered, always the same
    if (part >= 0 && part <= 1) d[kind] += MARKS[kind](edge + (k.w - 2 * edge - 4) * way, y, k.vertical ? 2.5 : 4);
  }
  k.flying(d);
}

export default {
  legend: [['request', 'первая попытка'], ['reject', 'повтор'], ['ok', 'ответ вовремя'], ['fail', 'отказ или работа впустую']],
  chart: { label: 'Запросов в секунду', bound: (value) => `предел ${value}` },
  columns: [{ title: 'Что случилось', text: (e) => WORDS[e.kind]?.(e) ?? '' }],
  height: (width) => (width < 560 ? 300 : 320),
  value: (s) => (s.flow.length ? sum(s.flow, 'first', 'again') : null),
  badge: (s) => [{ ok: 'ok', down: 'fail', jam: 'probe' }[s.phase], NAME[s.phase]],
  key: (e, run) => e.kind === 'service.state' || (e.by === 'story' && e.name in STORY) || (e.kind === 'policy.broke' && run.isFirst(e)),
  still: (run) => (run.events.findLast((e) => e.after === 'jam')?.t ?? 0) + 4,
  initial: () => ({ phase: 'ok', up: 0, jitter: 'full', clients: 300, capacity: 0, tokens: -1, worst: 0, now: CALM, bins: [], flow: [] }),
  reduce(s, e) {
    const [, a, b] = s.bins.findLast(([t]) => t === e.t) ?? [0, 0, 0]; // attempts of one moment stand on each other
    const arrived = (x, y) => [...s.bins.filter(([t]) => t > e.t - SPAN - 1 && t !== e.t), [e.t, a + x, b + y, s.phase === 'down']];
    if (/ready|started/.test(e.kind)) Object.assign(s, e, e.controls);
    if (e.kind === 'control.set') Object.assign(s, { [e.name]: e.value }, e.name === 'budget' && { changed: e.t });
    if (e.kind === 'fleet.load') Object.assign(s, { bins: arrived(e.first, e.first + e.again), flow: [...s.flow.slice(-4), e], now: e });
    if (e.kind === 'call.attempt') Object.assign(s, { bins: arrived(+(e.n === 1), 1), solo: e, clients: 0, jitter: '' });
    if (e.kind === 'service.state') Object.assign(s, { phase: e.after, since: e.t }, e.before === 'down' && { up: e.t });
    return Object.assign(s, { broke: e.kind === 'policy.broke' ? e : s.broke, tokens: e.tokens ?? s.tokens, worst: e.worst ?? s.worst });
  },
  layout(k) {
    const [v, box] = [k.vertical, { w: k.vertical ? 132 : 208, h: 118, y: 64 }];
    const paths = (kinds, all = kinds.map((kind) => k.shape('path', { class: kind }))) => (d) => all.forEach((one, i) => k.set(one, 'd', d[i]));
    const label = (kind, line, x = 0, group = k.shape('g', {}, k.over)) => {
      if (line) k.shape('line', { class: line, x1: 2, x2: k.w - 6 }, group);
      const write = k.text(x, line ? -5 : 0, kind, group);
      return (left, y, words, tone = '') => [k.set(group, 'transform', `translate(${path(left, y)})`), k.set(group, 'class', tone), write(words)];
    };
    k.client = k.node({ ...box, x: box.w / 2 + 1, icon: 'client', title: v ? 'Парк' : 'Самокаты' });
    k.service = k.node({ ...box, x: k.w - box.w / 2 - 5, icon: 'server', title: 'Сервис' });
    [k.most, k.top, k.base] = [v ? 16 : 28, 186, k.h - 20];
    k.line = k.cells(k.w - box.w + 9, box.y - 17, k.most, { size: 10, gap: 3, centre: false, per: v ? 8 : 14 });
    k.rates = k.tally(k.w - box.w + 7, box.y + 45, ['ok', 'fail'], v ? 50 : 60);
    if (!v) [k.text(k.w - 24, 109, 'k-tick k-end')('в секунду'), k.text(2, k.top - 10, 'k-cap')('Приходит запросов в секунду')];
    k.mode = k.text(v ? 2 : k.w - 5, k.top - 10, `k-sub ${v ? 'k-left' : 'k-end'}`);
    k.text(k.w / 6, k.h - 4, 'k-tick k-mid')('10\u00a0с назад');
    [k.crowd, k.bars] = [paths(['p-fail', 'p-reject', 'p-request', 'k-cell']), paths(['k-band b-open', 'p-request', 'p-reject'])];
    [k.flying, k.peak] = [paths(['p-request', 'p-reject', 'p-ok', 'p-fail']), label('k-flag-t k-mid')];
    [k.limit, k.worst] = [label('k-bound-t', 'k-bound'), label('k-flag-t k-end', 'k-flag', k.w - 8)];
  },
  draw(k, s, t) {
    const [now, step] = [s.now, s.backlog / k.most];
    for (const part of [crowd, flow, histogram]) part(k, s, t);
    k.line(Array.from({ length: k.most }, (_, i) => (i * step < now.stale ? 'fail' : i * step < now.queue ? 'busy' : 'none')));
    k.rates([sum(s.flow, 'good'), sum(s.flow, 'wasted', 'refused')]);
    k.service.tone(s.phase === 'down' ? 'fail' : 'plain');
    k.service.note(s.phase === 'down' ? 'не отвечает' : `в очереди ${now.queue}${k.vertical ? '' : `, ничьих ${now.stale}`}`);
    k.client.note(now.pausing ? `в паузе ${now.pausing}` : now.upset ? `не дозвались ${now.upset}` : s.clients ? `на линии ${s.clients}` : '');
    k.mode([JITTER[s.jitter], s.tokens < 0 ? 'без бюджета' : `бюджет ${fmt(s.tokens)}`].filter(Boolean).join(', '));
  },
  say(s, t) {
    const [again, come, age] = [sum(s.flow, 'again'), sum(s.flow, 'first', 'again'), t - s.up];
    if (s.solo || t - s.broke?.t < 4) return `${WORDS[(s.solo ?? s.broke).kind](s.solo ?? s.broke)}.`;
    if (s.phase === 'down') {
      if (t - s.since < 1) return 'Сервис упал, и все самокаты пришли в один миг.';
      if (s.tokens >= 0 && s.tokens < 0.1) return 'Бюджет исчерпан: идут одни первые попытки.';
      return `Сервис лежит. ${OTHER[s.jitter] ? 'Джиттер размазал повторы, но их не меньше.' : 'Паузы у всех одинаковы: повторы идут строем.'}`;
    }
    if (s.phase === 'jam') {
      if (s.tokens < 0) return `Сервис исправен уже ${fmt(age, 0)}\u00a0с, но не отвечает вовремя никому: повторов ${again} из ${come}.`;
      if (again <= 20) return `Повторы иссякли: приходит ${come} при пределе ${s.capacity}, очередь тает.`;
      return `Бюджет ${s.tokens < s.savings || t - s.changed < 3 ? 'тает: за повтор надо платить' : 'включён, но эта версия о нём не знает'}.`;
    }
    if (s.up && age < 3 && again > s.capacity) return `Сервис ожил и получил строй повторов: ${again} за секунду.`;
    if (s.up && age < 4) return `Сервис ожил${s.now.queue > 80 ? `, но в очереди ${s.now.queue}: дождутся не все` : ' и успевает'}.`;
    return again > 2 ? 'Сервис здоров, а повторы идут: твердят то, что уже отвергли.' : `Спокойно: ${come} в секунду при пределе ${s.capacity}.`;
  },
  overview(run, slices) {
    const names = { closed: NAME.ok, open: NAME.down, half_open: NAME.jam };
    const [phase, bound] = [(e) => BAND[e.after], (e) => e.backlog && e.capacity];
    const mark = (e) => e.by === 'story' && STORY[e.name] && { label: STORY[e.name](e.value) };
    const drawn = overview(run, slices, { first: 'closed', names, mark, phase, bound, value() {}, outcome() {} });
    const loads = run.events.filter((e) => e.kind === 'fleet.load');
    const series = loads.map((e, i) => [e.t, sum(loads.slice(Math.max(0, i - 4), i + 1), 'first', 'again')]);
    const bars = (t) => drawn.bars[Math.min(slices - 1, Math.floor((t / run.end) * slices))];
    for (const e of loads) [e.wasted, e.refused, e.good].forEach((count, i) => { bars(e.t)[i][1] += count; });
    return { ...drawn, series, high: Math.max(drawn.high, ...series.map(([, value]) => value)) };
  },
};
