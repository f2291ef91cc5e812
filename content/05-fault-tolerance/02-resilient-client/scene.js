import { clamp, ease, fmt, lerp, overview } from '#kit';

const HOP = 0.2; // seconds a packet is drawn on one leg; over the loopback it takes none
const SLOTS = 6; // requests drawn inside a server
const PARTS = 5; // attempts drawn on one bar
const LIMIT = 0.7; // where on a bar the deadline stands
const RECENT = 2; // seconds of ended calls that the charted number looks back on
const HOSTS = { catalog: ['Каталог', 'GET'], prices: ['Цены', 'GET'], orders: ['Заказы', 'POST'] };
const NAMES = Object.keys(HOSTS);
const MODE = { ok: 'отвечает', slow: 'тормозит', 500: 'отвечает 500', busy: 'отвечает 503', refuse: 'не слушает', hang: 'молчит' };
const TROUBLE = {
  500: 'без единой сетевой ошибки, но это такая же неудача, как тишина',
  slow: 'порой дольше, чем отведено попытке',
  busy: 'и просит подождать секунду',
  refuse: 'зато об этом известно сразу',
  hang: 'попытка и весь вызов ждут его не вечно',
};
const PHASE = { closed: 'замкнут', open: 'разомкнут', half_open: 'полуоткрыт' };
const TONE = { closed: 'ok', open: 'fail', half_open: 'probe' };
const ANGLE = { closed: 0, open: -38, half_open: -16 };
const FATE = { open: 'отказ без вызова', timeout: 'время вышло', refused: 'нет связи', pool: 'пул пуст' };
const fate = ({ how }) => FATE[how] ?? `ответ ${how}`;
const outcome = (how) => (how === 'open' ? 'reject' : how < 500 ? 'ok' : 'fail');
const WORDS = {
  'try.sent': (e) => `вызов ${e.id}, попытка ${e.n}`,
  'try.ended': (e) => `вызов ${e.id}, ${fate(e)}, ${e.ms} мс`,
  'call.done': (e) => `вызов ${e.id} завершён, ${fate(e)}, ${fmt(e.waited, 2)} с`,
  'breaker.state': (e) => `предохранитель ${PHASE[e.before]} → ${PHASE[e.after]}`,
  'server.mode': (e) => MODE[e.mode],
  'server.load': (e) => `в работе ${e.busy}, из них впустую ${e.lost}`,
  'order.twice': (e) => `заказ ${e.order} выполнен ещё раз`,
  'pool.level': (e) => `незакрытых ответов ${e.busy}`,
};

/** The longest wait of calls that ended lately. */
const worst = (recent, e) => {
  while (recent.length && recent[0][0] < e.t - RECENT) recent.shift();
  recent.push([e.t, e.waited]);
  return Math.round(Math.max(...recent.map(([, waited]) => waited)) * 10) / 10;
};

const turn = (e) => e.kind === 'server.mode' && e.t > 1; // not the way it began
const empty = (s) => s.most > 0 && s.busy >= s.most;

/** One call's attempts against its deadline: the longer the bar, the longer somebody waits. */
function budget(k, x0, x1, y, said) {
  k.shape('rect', { class: 'k-cell', x: x0, y: y - 5, width: x1 - x0, height: 10, rx: 5 });
  const parts = Array.from({ length: PARTS }, () => [
    k.shape('rect', { height: 8, y: y - 4, rx: 3 }), k.shape('path', { d: 'M0-6 6 0 0 6-6 0z', fill: 'var(--fail)', stroke: 'var(--card)' }),
  ]);
  const mark = lerp(x0, x1, LIMIT);
  k.shape('path', { d: `M${mark} ${y - 10}v20`, stroke: 'var(--ink)', 'stroke-width': 2, 'stroke-dasharray': '3 2' });
  if (said) k.text(mark, y + 22, 'k-tick k-mid')('дедлайн');
  return (call, deadline, t) => parts.forEach(([bar, end], i) => {
    const at = (moment) => lerp(x0, x1, clamp(((moment - call.t) / deadline) * LIMIT));
    const part = call?.parts[i];
    const fill = part?.how ? outcome(part.how) : 'blue';
    k.set(bar, 'display', part ? 'inline' : 'none');
    k.set(end, 'display', fill === 'fail' ? 'inline' : 'none');
    if (!part) return;
    const [from, to] = [at(part.from), at(part.to ?? t)];
    k.set(bar, 'x', from.toFixed(1));
    k.set(bar, 'width', Math.max(3, to - from).toFixed(1));
    k.set(bar, 'fill', `var(--${fill})`);
    k.set(end, 'transform', `translate(${to.toFixed(1)} ${y})`);
  });
}

export default {
  legend: [['request', 'попытка'], ['ok', 'ответ'], ['fail', 'ошибка'], ['reject', 'отказ без вызова'], ['probe', 'проба']],
  chart: { label: 'Худшее ожидание за 2 с', unit: 'с', bound: (value) => `дедлайн ${fmt(value)} с` },
  columns: [{ title: 'Что случилось', text: (e) => WORDS[e.kind] && `${HOSTS[e.host]?.[0] ?? 'Магазин'}: ${WORDS[e.kind](e)}` }],
  height: (width) => (width < 560 ? 306 : 282),

  initial: () => ({
    deadline: 2, pause: 4, busy: 0, most: 0, ok: 0, fail: 0, reject: 0, worst: null, recent: [], twice: null, moves: [],
    hosts: Object.fromEntries(NAMES.map((name) => [name, {
      mode: 'ok', phase: 'closed', before: null, since: 0, busy: 0, lost: 0, bad: 0, calls: {}, last: null,
    }])),
  }),

  reduce(s, e) {
    const host = s.hosts[e.host];
    const go = (leg, side, kind, t = e.t) => s.moves.push({ leg: leg + e.host, side, kind, t });
    if (s.moves.length > 60) s.moves = s.moves.filter((move) => move.t + HOP > e.t);
    switch (e.kind) {
      case 'world.ready': case 'pool.level': case 'server.mode': case 'server.load': Object.assign(host ?? s, e); break;
      case 'control.set': if (e.name === 'deadline') s.deadline = e.value; break;
      case 'order.twice': s.twice = e; break;
      case 'breaker.state': Object.assign(host, { before: e.before, phase: e.after, since: e.t }); break;
      case 'try.sent': {
        const kind = host.phase === 'half_open' ? 'probe' : 'request';
        (host.calls[e.id] ??= { t: e.t, parts: [] }).parts.push({ from: e.t, to: null, how: null });
        if (empty(s)) break; // it gets no connection and goes nowhere
        go('in', 1, kind);
        go('out', 1, kind, e.t + HOP);
        break;
      }
      case 'try.ended': {
        const part = host.calls[e.id]?.parts.findLast((one) => one.to === null);
        if (part) Object.assign(part, { to: e.t, how: e.how });
        host.bad = e.how === '500' ? host.bad + 1 : 0;
        const back = Math.max(e.t, (part?.from ?? 0) + 2 * HOP);
        if (e.how === 'timeout' || e.how === 'pool') go('in', -1, 'fail'); // nothing has come: the shop stops waiting
        else go('out', -1, outcome(e.how), back), go('in', -1, outcome(e.how), back + HOP);
        break;
      }
      case 'call.done':
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
      const left = server.x - half + 14;
      k.text(server.x + half - 14, y - 12, 'k-tick k-end')(v ? '' : HOSTS[name][1]);
      return {
        hub, server, name, lever: k.lever(hub.x, y, 30), note: k.text(left, y + 11, 'k-tick'),
        bar: v ? budget(k, 66, k.w - 8, y + 52) : budget(k, 146, hub.x - r - 14, y + 37, !i),
        cells: k.cells(left, y + 17, SLOTS, { centre: false, gap: 3 }),
      };
    });
  },

  draw(k, s, t) {
    for (const { name, hub, server, lever, note, bar, cells } of k.rows) {
      const host = s.hosts[name];
      const tone = TONE[host.phase] ?? 'fail';
      const age = t - host.since;
      lever(lerp(ANGLE[host.before] ?? 0, ANGLE[host.phase] ?? 0, k.reduced ? 1 : ease(clamp(age / 0.25))), tone);
      hub.ring(host.phase === 'open' ? 1 - age / s.pause : 1, tone);
      server.tone(host.mode === 'ok' ? 'plain' : 'fail');
      note(MODE[host.mode] ?? host.mode);
      cells(Array.from({ length: SLOTS }, (_, i) => (i < host.lost ? 'fail' : i < host.busy ? 'busy' : 'none')));
      bar(Object.values(host.calls)[0] ?? host.last, s.deadline, t); // the oldest call under way, or the last one
    }
    k.counts.forEach((tally, i) => tally([[s.ok, s.fail, s.reject][i]]));
    k.pool(Array.from({ length: Math.min(24, s.most) }, (_, i) => (i < s.busy ? 'fail' : 'none')));
    for (const { leg, side, kind, t: from } of s.moves) {
      const way = (t - from) / HOP;
      if (way === clamp(way)) k.packet(leg, way, kind, side);
    }
  },

  value: (s) => s.worst,
  badge(s) {
    if (empty(s)) return ['fail', 'Пул пуст'];
    const open = Object.values(s.hosts).filter((host) => host.phase !== 'closed').length;
    return open ? ['fail', `Разомкнуто: ${open}`] : ['ok', 'Всё замкнуто'];
  },
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
    const server = `Сервер «${HOSTS[name][0]}»`;
    if (phase === 'half_open') return `${server}: пауза вышла, всё решит одна проба.`;
    if (phase === 'open') return `${server} отключён: отказ приходит сразу, а два других этого не замечают.`;
    if (bad > 7) return `Ответов 500 подряд: ${bad}, а цепь замкнута: «раз ответил, значит, жив».`;
    return `${server} ${MODE[mode]}, ${TROUBLE[mode]}.`;
  },

  overview(run, n) {
    const [phases, recent, series] = [{}, [], [[0, 0]]];
    const now = () => Object.values(phases).sort().at(-1) ?? 'closed'; // closed < half_open < open
    const drawn = overview(run, n, {
      first: 'closed',
      names: PHASE,
      phase(e) {
        const before = now();
        if (e.kind === 'breaker.state') phases[e.host] = e.after;
        return now() === before ? null : now();
      },
      value() {},
      bound: (e) => (e.kind === 'world.ready' ? e.deadline : e.kind === 'control.set' && e.name === 'deadline' ? e.value : undefined),
      mark: (e) => turn(e) && { label: e.mode === 'ok' ? 'ожил' : `${HOSTS[e.host][0]}: ${MODE[e.mode]}`, short: e.mode === 'ok' ? '' : HOSTS[e.host][0] },
      outcome: (e) => e.kind === 'call.done' && outcome(e.how),
    });
    for (const e of run.events) if (e.kind === 'call.done') series.push([e.t, series.at(-1)[1]], [e.t, worst(recent, e)]);
    return { ...drawn, series, high: Math.max(drawn.high, ...series.map(([, value]) => value)) };
  },
};
