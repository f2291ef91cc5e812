import { clamp, ease, fmt, lerp, overview } from '#kit';
const [HOP, RECENT] = [0.2, 2]; // seconds: of a packet on one leg (the loopback takes none); of calls the charted number looks back on
const [SLOTS, LIMIT] = [6, 0.7]; // requests drawn inside a server; where on a bar the deadline stands
const HOSTS = { catalog: ['Каталог', 'GET'], prices: ['Цены', 'GET'], orders: ['Заказы', 'POST'] };
const NAMES = Object.keys(HOSTS);
const MODE = { // what a server does, and what that means
  ok: ['отвечает'], slow: ['тормозит', 'порой дольше, чем отведено попытке'], busy: ['отвечает 503', 'и просит подождать'],
  500: ['отвечает 500', 'и для предохранителя это неудача, как тишина'],
  refuse: ['не слушает', 'зато об этом известно сразу'], hang: ['молчит', 'но ждать его будут не дольше дедлайна'],
};
const PHASE = { closed: 'замкнут', open: 'разомкнут', half_open: 'полуоткрыт' };
const look = (phase) => ({ closed: ['ok', 0], open: ['fail', -38], half_open: ['probe', -16] })[phase] ?? ['fail', 0]; // the switch
const FATE = { open: 'отказ без вызова', timeout: 'время вышло', refused: 'нет связи', pool: 'пул пуст' };
const outcome = (how) => (how === 'open' ? 'reject' : how < 500 ? 'ok' : 'fail');
const WORDS = {
  'try.sent': (e) => `вызов ${e.id}, попытка ${e.n}`, 'try.ended': (e) => `вызов ${e.id}, ${FATE[e.how] ?? e.how}, ${e.ms} мс`,
  'call.done': (e) => `вызов ${e.id} завершён, ${FATE[e.how] ?? e.how}, ${fmt(e.waited, 2)} с`, 'pool.level': (e) => `незакрытых ответов ${e.busy}`,
  'breaker.state': (e) => `предохранитель ${PHASE[e.before]} → ${PHASE[e.after]}`, 'server.mode': (e) => MODE[e.mode]?.[0],
  'server.load': (e) => `в работе ${e.busy}, из них впустую ${e.lost}`, 'order.twice': (e) => `заказ ${e.order} выполнен ещё раз`,
};
const told = (e) => (WORDS[e.kind] ? `${HOSTS[e.host]?.[0] ?? 'Магазин'}: ${WORDS[e.kind](e)}` : '');
const worst = (recent, e) => { // the longest wait of calls that ended lately
  while (recent.length && recent[0][0] < e.t - RECENT) recent.shift();
  recent.push([e.t, e.waited]);
  return Math.round(Math.max(...recent.map(([, waited]) => waited)) * 10) / 10;
};
const turn = (e) => e.kind === 'server.mode' && e.t > 1; // not the way it began
const empty = (s) => s.most > 0 && s.busy >= s.most;
const fresh = (name) => [name, { mode: 'ok', phase: 'closed', before: null, since: 0, busy: 0, lost: 0, bad: 0, calls: {}, last: null }];
/** One call's attempts against its deadline: the longer the bar, the longer somebody waits. */
function budget(k, x0, x1, y, said) {
  k.shape('rect', { class: 'k-cell', x: x0, y: y - 5, width: x1 - x0, height: 10, rx: 5 });
  const pair = () => ['rect', 'path'].map((tag) => k.shape(tag, { height: 8, y: y - 4, rx: 3, d: `M0 ${y - 6}l6 6-6 6-6-6z` }));
  const [parts, mark] = [Array.from({ length: 5 }, pair), lerp(x0, x1, LIMIT)];
  k.shape('path', { d: `M${mark} ${y - 10}v20`, stroke: 'var(--ink)', 'stroke-width': 2, 'stroke-dasharray': '3 2' });
  if (said) k.text(mark, y + 22, 'k-tick k-mid')('дедлайн');
  return (call, deadline, t) => parts.forEach(([bar, end], i) => {
    const part = call?.parts[i];
    const fill = part?.how ? outcome(part.how) : 'blue';
    k.set(bar, 'display', part ? 'inline' : 'none');
    k.set(end, 'display', fill === 'fail' ? 'inline' : 'none');
    if (!part) return;
    const [from, to] = [part.from, part.to ?? t].map((moment) => lerp(x0, x1, clamp(((moment - call.t) / deadline) * LIMIT)));
    k.set(bar, 'width', Math.max(3, to - from).toFixed(1));
    for (const [one, x] of [[bar, from], [end, to]]) k.set(one, 'fill', `var(--${fill})`), k.set(one, 'transform', `translate(${x.toFixed(1)})`);
  });
}
export default {
  legend: [['request', 'попытка'], ['ok', 'ответ'], ['fail', 'ошибка'], ['reject', 'отказ без вызова'], ['probe', 'проба']],
  chart: { label: 'Худшее ожидание за 2 с', unit: 'с', bound: (value) => `дедлайн ${fmt(value)} с` },
  columns: [{ title: 'Что случилось', text: told }],
  height: (width) => (width < 560 ? 306 : 282),
  initial: () => ({ deadline: 2, pause: 4, busy: 0, most: 0, ok: 0, fail: 0, reject: 0, worst: null, recent: [], twice: null, moves: [],
    hosts: Object.fromEntries(NAMES.map(fresh)) }),
  reduce(s, e) {
    const host = s.hosts[e.host];
    const go = (leg, side, kind, t = e.t) => s.moves.push({ leg: leg + e.host, side, kind, t });
    if (s.moves.length > 60) s.moves = s.moves.filter((move) => move.t + HOP > e.t);
    if (['world.ready', 'pool.level', 'server.mode', 'server.load'].includes(e.kind)) Object.assign(host ?? s, e);
    if (e.name === 'deadline') s.deadline = e.value; // control.set
    if (e.kind === 'order.twice') s.twice = e;
    if (e.kind === 'breaker.state') Object.assign(host, { before: e.before, phase: e.after, since: e.t });
    if (e.kind === 'try.sent') {
      const kind = host.phase === 'half_open' ? 'probe' : 'request';
      (host.calls[e.id] ??= { t: e.t, parts: [] }).parts.push({ from: e.t, to: null, how: null });
      if (!empty(s)) go('in', 1, kind), go('out', 1, kind, e.t + HOP); // else it gets no connection and goes nowhere
    }
    if (e.kind === 'try.ended') {
      const part = Object.assign(host.calls[e.id]?.parts.findLast((one) => one.to === null) ?? { from: 0 }, { to: e.t, how: e.how });
      const back = Math.max(e.t, part.from + 2 * HOP);
      host.bad = e.how === '500' ? host.bad + 1 : 0;
      if (e.how === 'timeout' || e.how === 'pool') go('in', -1, 'fail'); // nothing has come: the shop stops waiting
      else go('out', -1, outcome(e.how), back), go('in', -1, outcome(e.how), back + HOP);
    }
    if (e.kind === 'call.done') {
      host.last = host.calls[e.id] ?? host.last;
      delete host.calls[e.id];
      s[outcome(e.how)] += 1;
      s.worst = worst(s.recent, e);
      if (e.how === 'open') go('in', 1, 'request'), go('in', -1, 'reject', e.t + HOP);
    }
    return s;
  },
  layout(k) {
    const v = k.vertical;
    const [pitch, half, r] = v ? [102, 66, 36] : [94, 88, 36];
    const shop = k.node({ x: v ? 29 : 68, y: pitch * 1.5 - 7, w: v ? 54 : 130, h: 3 * pitch - 18, icon: 'client', title: v ? '' : 'Магазин' });
    k.counts = ['ok', 'fail', 'reject'].map((kind, i) => k.tally(shop.x - (v ? 22 : 40), 84 + i * 26, [kind], 0));
    k.text(shop.x, 184, 'k-tick k-mid')('пул');
    k.pool = k.cells(shop.x, 194, 24, { size: 6, gap: 2, per: v ? 5 : 12 });
    k.rows = NAMES.map((name, i) => {
      const y = 42 + i * pitch;
      const hub = k.disc({ x: v ? 122 : lerp(140, k.w - 178, 0.68), y, r });
      const server = k.node({ x: k.w - half - 2, y, w: half * 2 - 4, h: 74, icon: 'server', title: HOSTS[name][0] });
      k.link(`in${name}`, { x: shop.x, y, w: shop.w, h: 60 }, hub);
      k.link(`out${name}`, hub, server);
      k.text(server.x + half - 14, y - 12, 'k-tick k-end')(v ? '' : HOSTS[name][1]);
      const bar = v ? budget(k, 66, k.w - 8, y + 52) : budget(k, 146, hub.x - r - 14, y + 37, !i);
      const cells = k.cells(server.x - half + 14, y + 17, SLOTS, { centre: false, gap: 3 });
      return { hub, server, name, bar, cells, lever: k.lever(hub.x, y, 30), note: k.text(server.x - half + 14, y + 11, 'k-tick') };
    });
  },
  draw(k, s, t) {
    for (const { name, hub, server, lever, note, bar, cells } of k.rows) {
      const { phase, before, since, mode, busy, lost, calls, last } = s.hosts[name];
      const [tone, angle] = look(phase);
      lever(lerp(look(before)[1], angle, k.reduced ? 1 : ease(clamp((t - since) / 0.25))), tone);
      hub.ring(phase === 'open' ? 1 - (t - since) / s.pause : 1, tone);
      server.tone(mode === 'ok' ? 'plain' : 'fail');
      note(MODE[mode]?.[0] ?? mode);
      cells(Array.from({ length: SLOTS }, (_, i) => (i < lost ? 'fail' : i < busy ? 'busy' : 'none')));
      bar(Object.values(calls)[0] ?? last, s.deadline, t); // the oldest call under way, or the last one
    }
    k.counts.forEach((tally, i) => tally([[s.ok, s.fail, s.reject][i]]));
    k.pool(Array.from({ length: Math.min(24, s.most) }, (_, i) => (i < s.busy ? 'fail' : 'none')));
    for (const { leg, side, kind, t: from } of s.moves) if (t >= from && t <= from + HOP) k.packet(leg, (t - from) / HOP, kind, side);
  },
  value: (s) => s.worst,
  badge: (s) => (empty(s) ? ['fail', 'Пул пуст'] : NAMES.every((name) => s.hosts[name].phase === 'closed') ? ['ok', 'Всё замкнуто']
    : ['fail', 'Цепь разомкнута']),
  key: (e) => e.kind === 'breaker.state' || turn(e) || (e.kind === 'pool.level' && empty(e)),
  still: (run) => (run.events.find((e) => e.kind === 'try.sent' && e.n === 3)?.t ?? 0) + 0.1,
  say(s, t) {
    if (empty(s)) return 'Пул пуст: соединения держат незакрытые ответы. Теперь не дозвониться и до здоровых.';
    if (s.twice && t - s.twice.t < 1.5) return `Заказ ${s.twice.order} выполнен ещё раз: клиент повторил POST, а первый удался.`;
    const slow = NAMES.find((name) => Object.values(s.hosts[name].calls).some((call) => t - call.t > s.deadline + 0.05));
    if (slow) return `Дедлайн прошёл, а «${HOSTS[slow][0]}» всё пробуют: покупатель ждёт.`;
    const name = NAMES.find((one) => s.hosts[one].phase !== 'closed') ?? NAMES.find((one) => s.hosts[one].mode !== 'ok');
    if (!name) return 'Ответы приходят в самом начале полоски: до дедлайна далеко.';
    const { mode, phase, bad } = s.hosts[name];
    if (phase === 'half_open') return `«${HOSTS[name][0]}»: пауза вышла, всё решит одна проба.`;
    if (phase === 'open') return `Сервер «${HOSTS[name][0]}» отключён: отказ сразу, а два других этого не замечают.`;
    if (bad > 7) return `Ответов 500 подряд: ${bad}, а цепь замкнута: «раз ответил, значит, жив».`;
    return `Сервер «${HOSTS[name][0]}» ${MODE[mode].join(', ')}.`;
  },
  overview(run, n) {
    const [phases, recent, series] = [{}, [], [[0, 0]]];
    const now = () => Object.values(phases).sort().at(-1) ?? 'closed'; // closed < half_open < open
    const moved = (e, before = now()) => (Object.assign(phases, { [e.host]: e.after }), now() === before ? null : now());
    const drawn = overview(run, n, {
      first: 'closed', names: PHASE, phase: (e) => (e.kind === 'breaker.state' ? moved(e) : null), value() {},
      bound: (e) => (e.kind === 'world.ready' ? e.deadline : e.name === 'deadline' ? e.value : undefined),
      mark: (e) => turn(e) && (e.mode === 'ok' ? { label: 'ожил', short: '' } : { label: told(e), short: HOSTS[e.host][0] }),
      outcome: (e) => e.kind === 'call.done' && outcome(e.how),
    });
    for (const e of run.events) if (e.kind === 'call.done') series.push([e.t, series.at(-1)[1]], [e.t, worst(recent, e)]);
    return { ...drawn, series, high: Math.max(drawn.high, ...series.map(([, value]) => value)) };
  },
};
