import { fmt, overview } from '#kit';

const HOP = 0.3; // seconds a packet travels one way, as in demo.py
const [LINE, PICKS, CLUMP] = [12, 60, 2]; // requests drawn at a node; last choices kept; turns of others missed in a clump
const ERRORS = { ConnectionRefused: 'узел лежит', ConnectionReset: 'узел упал', NoHealthyNodes: 'живых нет', UnknownNode: 'узла нет' };
const NOBODY = { up: true, healthy: true, weight: 0, power: 0, inside: [] };
const name = (id) => (id ? id.toUpperCase() : 'никому');
const seconds = (ms) => (ms ? `${fmt(ms / 1000)}\u00a0с` : '—');
const cells = (length, kind) => Array.from({ length }, (_, j) => kind(j));
const trouble = ({ up, healthy }) => (up ? (healthy ? '' : 'ожил?') : healthy ? 'лежит' : 'исключён');
const WORDS = {
  'balancer.state': (e) => `Раздаём ${e.algorithm === 'weighted' ? 'по весам' : 'по кругу'}`,
  'node.state': (e) => `${name(e.node)}: ${trouble(e) || 'в строю'}, вес ${e.weight}`,
  'request.sent': (e) => `Запрос ${e.id} → ${name(e.node)}`,
  'request.queued': (e) => `Запрос ${e.id} ждёт у ${name(e.node)}, очередь ${e.queue}`,
  'request.done': (e) => `Запрос ${e.id}: ${name(e.node)} ответил за ${fmt(e.ms / 1000, 2)} с`,
  'request.failed': (e) => `Запрос ${e.id} потерян: ${ERRORS[e.error]}`,
  'world.stats': (e) => `p99 ${seconds(e.p99)}; очередь ${e.queue}, по расчёту ${fmt(e.model)}`,
};
const outcome = (e) => (e.error === 'NoHealthyNodes' ? 'reject' : { 'request.done': 'ok', 'request.failed': 'fail' }[e.kind]);
/** Requests that have come to a node: the first is in work, the rest wait. */
const held = (node, t) => (node.up ? node.inside.filter((one) => one.t + HOP <= t).length : 0);
/** What state the whole is in: [kind of band, word]. */
function phase({ order, nodes, algorithm }) {
  const [out, idle] = [trouble, ({ weight }) => !weight].map((test) => order.filter((id) => test(nodes[id])));
  if (out.length) return ['open', `${out.length < order.length ? out.map(name).join(', ') : 'все'} вне игры`];
  if (algorithm !== 'weighted') return ['half_open', 'по кругу'];
  return ['closed', idle.length % order.length ? `вес ${idle.map(name).join(', ')} — 0` : 'по весам'];
}
/** The longest row of choices of one node, [node, how many], and how many of them were the others' by weight. */
function clump({ picks, nodes }) {
  let [row, most] = [0, ['', 0]];
  picks.forEach((pick, i) => { most = pick && (row = pick === picks[i - 1] ? row + 1 : 1) > most[1] ? [pick, row] : most; });
  const all = Object.values(nodes).reduce((sum, node) => sum + (node.healthy && node.weight), 0) || 1;
  return [...most, most[1] * (1 - (nodes[most[0]]?.weight ?? 0) / all)];
}

export default {
  legend: [['request', 'запрос'], ['ok', 'ответ'], ['fail', 'потерян'], ['reject', 'отказ: живых нет']],
  chart: { label: 'Очередь (пунктир — расчёт)', bound: () => '' },
  columns: [{ title: 'Что случилось', text: (e) => WORDS[e.kind]?.(e) ?? '' }],
  height: () => 304,
  initial: () => ({ order: [], nodes: {}, moves: [], picks: [], inside: [], refused: -9, ok: 0, fail: 0, reject: 0, queue: null }),
  reduce(s, e) {
    const [kind, node, at] = [outcome(e), s.nodes[e.node], s.nodes[e.node] ?? s]; // what was sent to nobody is kept apart
    const go = (side, packet) => node && s.moves.push({ node: e.node, side, kind: packet, t: e.t });
    s.moves = s.moves.filter((move) => move.t + HOP > e.t);
    if (kind) {
      Object.assign(s, { [kind]: s[kind] + 1, refused: kind === 'reject' ? e.t : s.refused });
      at.inside = at.inside.filter((one) => one.id !== e.id);
      go(-1, kind);
    } else if (e.kind === 'world.ready') {
      const made = e.nodes.map((id, i) => [id, { ...NOBODY, weight: e.weights[i], power: e.powers[i], inside: [] }]);
      Object.assign(s, { order: e.nodes, nodes: Object.fromEntries(made) });
    } else if (e.kind === 'balancer.state') Object.assign(s, { algorithm: e.algorithm, picks: [] });
    else if (e.kind === 'node.state' && node) {
      Object.assign(node, { up: e.up, healthy: e.healthy, weight: e.weight });
      s.picks.push(null); // a gap: rows before and after it are counted apart
    } else if (e.kind === 'request.sent') {
      s.picks = [...s.picks.slice(1 - PICKS), e.node];
      at.inside.push({ id: e.id, t: e.t });
      go(1, 'request');
    } else if (e.kind === 'world.stats') ['p50', 'p99', 'queue', 'shares', 'expected'].forEach((field) => { s[field] = e[field]; });
    return s;
  },

  layout(k) {
    const v = k.vertical;
    const hub = k.hub = v ? { x: k.w / 2, y: 32, w: k.w - 4, h: 60 } : { x: 90, y: 106, w: 178, h: 204 };
    const [x, left] = [v ? k.w * 0.74 : hub.x, hub.x - hub.w / 2];
    const box = (by) => ({ x: left + by, y: hub.y - hub.h / 2 + by, width: hub.w, height: hub.h, rx: 14, class: by ? 'k-shadow' : 'k-box' });
    for (const by of [4, 0]) k.shape('rect', box(by));
    if (!v) k.text(hub.x, 34, 'k-title k-mid')('Балансировщик');
    [k.p99, k.p50] = [k.text(x, v ? 29 : 92, 'k-big'), k.text(x, v ? 50 : 118, 'k-sub')];
    k.counts = k.tally(left + 12, v ? 37 : 184, ['ok', 'fail', 'reject'], v ? 50 : 55);
    const [top, step] = v ? [246, 13] : [252, 15];
    k.picks = Math.min(PICKS, Math.floor((k.w - 22) / step));
    k.text(0, top - 10, 'k-tick')('Кому достался каждый запрос, новые справа');
    k.rows = [0, 1, 2].map((i) => {
      const w = v ? k.w / 3 - 8 : Math.min(430, k.w - 262);
      const at = v ? { x: k.w * (i + 0.5) / 3, y: 158, w, h: 96 } : { x: k.w - 6 - w / 2, y: 34 + i * 72, w, h: 60 };
      const node = k.node({ ...at, icon: 'server' });
      k.link(i, v ? { ...hub, x: at.x } : { ...hub, y: at.y, h: at.h }, node);
      const [bx, by, bar] = [at.x - w / 2, at.y - at.h / 2, v ? w - 18 : LINE * 17 - 4];
      const [lx, ly] = v ? [bx + 9, by + 75] : [bx + w - bar - 14, by + 38];
      if (w >= 400) ['очередь', 'доля'].forEach((word, j) => k.text(lx - 9, by + 25 + j * 23, 'k-tick k-end')(word));
      const strip = { x: lx, y: ly, width: bar, height: 10, rx: 3, class: 'k-cell' };
      k.shape('rect', strip);
      return {
        node, bar, names: [k.text(bx + 48, by + 26, 'k-title'), k.text(0, top + 11 + i * 17, 'k-body')],
        about: k.text(bx + (v ? 64 : 14), by + (v ? 25 : 49), 'k-tick'),
        trouble: v ? k.text(at.x, by + 57) : k.text(bx + 70, by + 26, 'k-sub k-left'),
        line: k.cells(lx, by + (v ? 36 : 13), v ? 10 : LINE, { centre: false, per: v ? 5 : LINE }),
        fill: k.shape('rect', { ...strip, class: 'k-cell c-busy' }, k.over),
        tick: k.shape('path', { d: `M${lx} ${ly - 4}v18`, class: 'k-wire' }, k.over),
        roll: k.cells(20, top + i * 17, k.picks, { centre: false, size: step - 3, gap: 3 }),
      };
    });
  },
  draw(k, s, t) {
    for (const rank of ['p99', 'p50']) k[rank](`${rank} ${seconds(s[rank])}`);
    k.counts([s.ok, s.fail, s.reject]);
    const picks = s.picks.slice(-k.picks);
    k.rows.forEach((row, i) => {
      const [id, node] = [s.order[i], s.nodes[s.order[i]] ?? NOBODY];
      const share = (list) => ((list?.[i] ?? 0) / 100 * row.bar).toFixed(1);
      for (const write of row.names) write(id ? name(id) : '');
      row.node.tone(node.up ? 'plain' : 'fail');
      row.trouble(trouble(node));
      row.about(k.vertical ? `×${node.weight}` : `${node.power ? `${node.power}/с · ` : ''}вес ${node.weight}`);
      row.line(cells(k.vertical ? (trouble(node) ? 0 : 10) : LINE, (j) => (j < held(node, t) ? (j ? 'busy' : 'ok') : 'none')));
      k.set(row.fill, 'width', share(s.shares));
      k.set(row.tick, 'transform', `translate(${share(s.expected)} 0)`);
      row.roll(cells(k.picks, (j) => (picks[j] === '' ? 'fail' : id && picks[j] === id ? 'busy' : 'none')));
    });
    for (const one of s.moves) if (t <= one.t + HOP) k.packet(s.order.indexOf(one.node), (t - one.t) / HOP, one.kind, one.side);
    k.pulse('alarm', k.hub.x, k.hub.y, 20, 60, ...(s.inside.length ? [(t * 1.5) % 1, 'fail'] : [(t - s.refused) / 0.4, 'warn']));
  },
  value: (s) => s.queue,
  badge: (s) => phase(s).map((word, i) => (i ? word[0].toUpperCase() + word.slice(1) : { open: 'fail', closed: 'ok', half_open: 'probe' }[word])),
  key: (e, run) => (e.kind.endsWith('.state') && e.t > 0) || (e.kind === 'request.failed' && run.isFirst(e)),
  still: (run) => Math.max(0, (run.events.find((e) => e.algorithm === 'weighted')?.t ?? 9) - 0.4),
  say(s, t) {
    const line = Math.max(0, ...s.order.map((id) => held(s.nodes[id], t) - 1));
    const of = (test) => s.order.find((id) => test(s.nodes[id]))?.toUpperCase();
    const [dead, fresh] = [of((node) => trouble(node) === 'лежит'), of((node) => trouble(node) === 'ожил?')];
    const [gone, worst, [who, row, missed]] = [of(trouble), of((node) => held(node, t) > line), clump(s)];
    if (s.inside.length) return 'Балансировщик отдал узел без адреса: клиент ждёт впустую.';
    if (t - s.refused < 1) return 'Живых узлов нет: клиент получает отказ сразу.';
    if (dead) return `Сервер ${dead} лежит, а балансировщик ещё не знает: запросы пропадают.`;
    if (fresh) return `Сервер ${fresh} поднялся, но до следующей проверки запросов не получит.`;
    if (missed >= CLUMP) return `Пачка: ${row} подряд узлу ${name(who)}, остальные простаивали.`;
    if (gone) return line > 2 ? `Без ${gone} сил не хватает: у ${worst} ждут ${line}.` : `Сервер ${gone} исключён, его долю делят остальные.`;
    if (s.algorithm !== 'weighted') return line > 1 ? `Всем поровну, а силы разные: у ${worst} ждут ${line}.` : 'По кругу: всем поровну.';
    if (line && !s.nodes[worst.toLowerCase()].weight) return `Вес ${worst} — ноль: нового не дают, старое дорабатывается. Осталось ${line}.`;
    if (line > 2) return `Доли теперь по силам, но накопленное само не исчезнет: у ${worst} ждут ${line}.`;
    return 'Каждому по силам, и запросы чередуются: очередей почти нет.';
  },
  overview(run, n) {
    let state = this.initial();
    const turns = run.events.filter(({ kind }) => /ready|state/.test(kind))
      .map((e) => [e.t, ...phase(state = this.reduce(state, e))])
      .filter(([t], i, all) => t !== all[i + 1]?.[0]) // the last word of each moment
      .filter(([, , label], i, all) => label !== all[i - 1]?.[2]);
    const bands = turns.map(([from, kind, label], i) => ({ kind, label, from, to: turns[i + 1]?.[0] ?? run.end }));
    const marks = bands.filter(({ kind }) => kind === 'open').map(({ from, label }) => ({ t: from, label, short: label.split(' ')[0] }));
    const read = { first: '', names: {}, measured: '', phase: () => '', mark: () => '', bound: (e) => e.model, outcome };
    return { ...overview(run, n, { ...read, value: (e) => (e.kind === 'world.stats' ? e.queue : undefined) }), bands, marks };
  },
};
