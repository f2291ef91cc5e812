import { fmt, overview, plural } from '#kit';

const HOP = 0.3; // seconds a packet travels one way, as in demo.py
const LINE = 12; // requests drawn at a server: the one in work and those that wait
const PICKS = 60; // last choices kept
const CLUMP = 7; // so many in a row to one node are a clump
const ERRORS = { ConnectionRefused: 'сервер лежит', ConnectionReset: 'сервер упал', NoHealthyNodes: 'живых узлов нет', UnknownNode: 'такого узла нет' };
const ORDERS = { round_robin: 'по кругу', weighted: 'по весам' };
const TONES = { open: 'fail', closed: 'ok', half_open: 'probe' };
const NOBODY = { up: true, healthy: true, weight: 0, power: 0, inside: [] };
const name = (id) => (id ? id.toUpperCase() : 'никому');
const seconds = (ms) => (ms ? `${fmt(ms / 1000)}\u00a0с` : '—');
const trouble = ({ up, healthy }) => (up ? (healthy ? '' : 'ожил?') : healthy ? 'лежит' : 'исключён');
const WORDS = {
  'balancer.state': (e) => `Раздаём ${ORDERS[e.algorithm]}`,
  'node.state': (e) => `${name(e.node)}: ${trouble(e) || 'в строю'}, вес ${e.weight}`,
  'request.sent': (e) => `Запрос ${e.id} → ${name(e.node)}`,
  'request.queued': (e) => `Запрос ${e.id} ждёт у ${name(e.node)}, в очереди ${e.queue}`,
  'request.done': (e) => `Запрос ${e.id}: ${name(e.node)} ответил за ${fmt(e.ms / 1000, 2)} с`,
  'request.failed': (e) => `Запрос ${e.id} потерян: ${ERRORS[e.error]}`,
  'world.stats': (e) => `p99 ${fmt(e.p99 / 1000)} с; очередь ${e.queue}, по расчёту ${fmt(e.model)}`,
};

const outcome = (e) => (e.kind === 'request.done' ? 'ok' : e.kind !== 'request.failed' ? '' : e.error === 'NoHealthyNodes' ? 'reject' : 'fail');
/** Requests that have come to a node: the first is in work, the rest wait. */
const held = (node, t) => (node.up ? node.inside.filter((one) => one.t + HOP <= t).length : 0);

/** What state the whole is in: [kind of band, word]. */
function phase({ order, nodes, algorithm }) {
  const out = order.filter((id) => trouble(nodes[id]));
  if (out.length) return ['open', `${out.length < order.length ? out.map(name).join(', ') : 'все'} вне игры`];
  const idle = order.filter((id) => nodes[id].weight === 0);
  if (algorithm !== 'weighted') return ['half_open', ORDERS.round_robin];
  return ['closed', idle.length && idle.length < order.length ? `вес ${idle.map(name).join(', ')} — 0` : ORDERS.weighted];
}

/** How many of the last choices in a row fell on one node, though others could serve. */
function clump({ picks, nodes }) {
  const last = picks.at(-1);
  const able = Object.values(nodes).filter((node) => node.healthy && node.weight);
  return last && able.length > 1 ? picks.length - 1 - picks.findLastIndex((pick) => pick !== last) : 0;
}

export default {
  legend: [['request', 'запрос'], ['ok', 'ответ'], ['fail', 'потерян'], ['reject', 'отказ: живых нет']],
  chart: { label: 'Очередь (пунктир — расчёт)', bound: () => '' },
  columns: [{ title: 'Что случилось', text: (e) => WORDS[e.kind]?.(e) ?? '' }],
  height: () => 304,

  initial: () => ({
    algorithm: '', order: [], nodes: {}, moves: [], picks: [], lost: [], refused: -9, ok: 0, fail: 0, reject: 0,
    p50: 0, p99: 0, queue: null, shares: [], expected: [],
  }),

  reduce(s, e) {
    const node = s.nodes[e.node];
    const kind = outcome(e);
    if (s.moves.length > 64) s.moves = s.moves.filter((move) => move.t + HOP > e.t);
    if (kind) {
      s[kind] += 1;
      if (kind === 'reject') s.refused = e.t;
      s.lost = s.lost.filter((id) => id !== e.id);
      if (node) {
        node.inside = node.inside.filter((one) => one.id !== e.id);
        s.moves.push({ node: e.node, side: -1, kind, t: e.t });
      }
    } else if (e.kind === 'world.ready') {
      s.order = e.nodes;
      e.nodes.forEach((id, i) => { s.nodes[id] = { ...NOBODY, weight: e.weights[i], power: e.powers[i], inside: [] }; });
    } else if (e.kind === 'balancer.state') Object.assign(s, { algorithm: e.algorithm, picks: [] });
    else if (e.kind === 'node.state' && node) Object.assign(node, { up: e.up, healthy: e.healthy, weight: e.weight });
    else if (e.kind === 'request.sent') {
      s.picks = [...s.picks.slice(1 - PICKS), e.node];
      if (!node) s.lost.push(e.id);
      node?.inside.push({ id: e.id, t: e.t });
      if (node) s.moves.push({ node: e.node, side: 1, kind: 'request', t: e.t });
    } else if (e.kind === 'world.stats') for (const field of ['p50', 'p99', 'queue', 'shares', 'expected']) s[field] = e[field];
    return s;
  },

  layout(k) {
    const v = k.vertical;
    const hub = k.hub = v ? { x: k.w / 2, y: 32, w: k.w - 4, h: 60 } : { x: 90, y: 106, w: 178, h: 204 };
    const left = hub.x - hub.w / 2;
    for (const [kind, by] of [['k-shadow', 4], ['k-box', 0]]) {
      k.shape('rect', { class: kind, x: left + by, y: hub.y - hub.h / 2 + by, width: hub.w, height: hub.h, rx: 14 });
    }
    if (!v) k.text(hub.x, 34, 'k-title k-mid')('Балансировщик');
    const x = v ? k.w * 0.74 : hub.x;
    k.p99 = k.text(x, v ? 29 : 92, 'k-big');
    k.p50 = k.text(x, v ? 50 : 118, 'k-sub');
    k.counts = k.tally(left + 12, v ? 37 : 184, ['ok', 'fail', 'reject'], v ? 50 : 55);
    const [top, step] = [v ? 246 : 252, v ? 13 : 15];
    k.picks = Math.min(PICKS, Math.floor((k.w - 22) / step));
    k.text(0, top - 10, 'k-tick')('Кому достался каждый запрос, новые справа');
    k.rows = [0, 1, 2].map((i) => {
      const w = v ? k.w / 3 - 8 : Math.min(430, k.w - 262);
      const box = v ? { x: k.w * (i + 0.5) / 3, y: 158, w, h: 96 } : { x: k.w - 6 - w / 2, y: 34 + i * 72, w, h: 60 };
      const node = k.node({ ...box, icon: 'server' });
      k.link(i, v ? { ...hub, x: box.x } : { ...hub, y: box.y, h: box.h }, node);
      const [bx, by] = [box.x - w / 2, box.y - box.h / 2];
      const bar = v ? w - 18 : LINE * 17 - 4;
      const [lx, ly] = v ? [bx + 9, by + 75] : [bx + w - bar - 14, by + 38];
      if (w >= 400) ['очередь', 'доля'].forEach((word, j) => k.text(lx - 9, by + 25 + j * 23, 'k-tick k-end')(word));
      const strip = { x: lx, y: ly, width: bar, height: 10, rx: 3, class: 'k-cell' };
      k.shape('rect', strip);
      return {
        node, bar,
        names: [k.text(bx + 48, by + 26, 'k-title'), k.text(0, top + 11 + i * 17, 'k-body')],
        about: k.text(bx + (v ? 64 : 14), by + (v ? 25 : 49), 'k-tick'),
        trouble: v ? k.text(box.x, by + 57) : k.text(bx + 70, by + 26, 'k-sub k-left'),
        line: k.cells(lx, by + (v ? 36 : 13), v ? 10 : LINE, { centre: false, per: v ? 5 : LINE }),
        fill: k.shape('rect', { ...strip, class: 'k-cell c-busy' }, k.over),
        tick: k.shape('path', { d: `M${lx} ${ly - 4}v18`, class: 'k-wire' }, k.over),
        roll: k.cells(20, top + i * 17, k.picks, { centre: false, size: step - 3, gap: 3 }),
      };
    });
  },

  draw(k, s, t) {
    k.p99(`p99 ${seconds(s.p99)}`);
    k.p50(`p50 ${seconds(s.p50)}`);
    k.counts([s.ok, s.fail, s.reject]);
    const picks = s.picks.slice(-k.picks);
    k.rows.forEach((row, i) => {
      const id = s.order[i];
      const node = s.nodes[id] ?? NOBODY;
      const wrong = trouble(node);
      const count = held(node, t);
      const share = (list) => ((list[i] ?? 0) / 100 * row.bar).toFixed(1);
      for (const write of row.names) write(id ? name(id) : '');
      row.node.tone(node.up ? 'plain' : 'fail');
      row.trouble(wrong);
      row.about(k.vertical ? `×${node.weight}` : `${node.power ? `${node.power}/с · ` : ''}вес ${node.weight}`);
      const places = k.vertical ? (wrong ? 0 : 10) : LINE;
      row.line(Array.from({ length: places }, (_, j) => (j < count ? (j ? 'busy' : 'ok') : 'none')));
      k.set(row.fill, 'width', share(s.shares));
      k.set(row.tick, 'transform', `translate(${share(s.expected)} 0)`);
      row.roll(Array.from({ length: k.picks }, (_, j) => (picks[j] === '' ? 'fail' : id && picks[j] === id ? 'busy' : 'none')));
    });
    for (const move of s.moves) {
      const way = (t - move.t) / HOP;
      if (way >= 0 && way <= 1) k.packet(s.order.indexOf(move.node), way, move.kind, move.side);
    }
    const alarm = s.lost.length ? [(t * 1.5) % 1, 'fail'] : [(t - s.refused) / 0.4, 'warn'];
    k.pulse('alarm', k.hub.x, k.hub.y, 20, 60, ...alarm);
  },

  value: (s) => s.queue,
  badge(s) {
    const [kind, word] = phase(s);
    return [TONES[kind], word[0].toUpperCase() + word.slice(1)];
  },
  key: (e, run) => (e.kind === 'balancer.state' && e.t > 0) || e.kind === 'node.state' || (e.kind === 'request.failed' && run.isFirst(e)),
  still: (run) => Math.max(0, (run.events.find((e) => e.algorithm === 'weighted')?.t ?? 9) - 0.4),

  say(s, t) {
    const line = Math.max(0, ...s.order.map((id) => held(s.nodes[id], t) - 1));
    const of = (test) => name(s.order.find((id) => test(s.nodes[id])));
    const longest = (node) => held(node, t) > line;
    const [dead, fresh] = [(node) => !node.up && node.healthy, (node) => node.up && !node.healthy];
    const some = (test) => s.order.some((id) => test(s.nodes[id]));
    const row = clump(s);
    if (s.lost.length) return 'Балансировщик отдал узел без адреса: клиент ждёт впустую.';
    if (t - s.refused < 1) return 'Живых узлов нет: клиент получает отказ сразу.';
    if (some(dead)) return `Сервер ${of(dead)} лежит, а балансировщик ещё не знает: запросы пропадают.`;
    if (some(fresh)) return `Сервер ${of(fresh)} поднялся, но до следующей проверки запросов не получит.`;
    if (some(trouble)) return line > 2 ? `Без ${of(trouble)} остальные не справляются: у ${of(longest)} ждут ${line}. Веса сил не прибавляют.` : `Сервер ${of(trouble)} исключён, его долю делят остальные.`;
    if (row >= CLUMP) return `Пачка: ${plural(row, 'запрос', 'запроса', 'запросов')} подряд серверу ${name(s.picks.at(-1))}, остальные скучают.`;
    if (s.algorithm !== 'weighted') return line > 1 ? `Всем поровну, а силы разные: у ${of(longest)} ждут ${line}, другие скучают.` : 'Запросы идут по кругу: всем поровну.';
    if (line && some((node) => longest(node) && !node.weight)) return `Вес ${of(longest)} — ноль: нового не дают, старое дорабатывается. Осталось ${line}.`;
    return line > 2 ? `Доли теперь по силам, но накопленное само не исчезнет: у ${of(longest)} ждут ${line}.` : 'Каждому по силам, и запросы чередуются: очередей почти нет.';
  },

  overview(run, n) {
    let state = this.initial();
    let bands = [];
    for (const e of run.events.filter(({ kind }) => /ready|state/.test(kind))) {
      state = this.reduce(state, e);
      const [kind, label] = phase(state);
      if (bands.at(-1)?.label === label) continue;
      if (bands.length) bands.at(-1).to = e.t;
      bands.push({ kind, label, from: bands.length && e.t, to: run.end });
    }
    bands = bands.filter(({ from, to }) => to > from);
    const marks = bands.filter(({ kind }) => kind === 'open').map(({ from, label }) => ({ t: from, label, short: label.split(' ')[0] }));
    const on = (field) => (e) => (e.kind === 'world.stats' ? e[field] : undefined);
    const rest = { first: 'all', names: {}, measured: 'all', phase: () => null, mark: () => null };
    return { ...overview(run, n, { ...rest, outcome, value: on('queue'), bound: on('model') }), bands, marks };
  },
};
