import { fmt, overview } from '#kit';

const HOP = 0.15; // seconds a packet travels one way, as in demo.py
const [LINE, HERD] = [12, 9]; // requests drawn at a node; choices in a row that make a herd
const ERRORS = { ConnectionRefused: 'лежит', ConnectionReset: 'упал', NoHealthyNodes: 'живых нет' };
const WAYS = { // word, what is happening, the same by old news, the same while somebody lies
  turns: ['По кругу', 'Всем поровну запросов, но не работы: за длинными застревают остальные'],
  lots: ['Жребий', 'Жребий слеп: одним густо, другим пусто'],
  least: ['Меньше всех', 'Каждый запрос идёт туда, где сейчас меньше всех', 'До новой сводки все идут к тому, кто в старой был свободнее',
    'держит ноль запросов и для балансировщика самый свободный'],
  two: ['Два взгляда', 'Из двоих наугад тот, кто свободнее', 'Сводка старая, но пары случайные: стадо не собирается'],
  ewma: ['Peak EWMA', 'Из двоих наугад тот, у кого меньше задержка на занятость', '', 'но отказ ему засчитан как долгий ответ'],
};
const NOBODY = { up: true, healthy: true, known: true, inside: [] };
const ZERO = { herd: -9, refused: -9, row: 0, stale: 0, told: 0, ok: 0, fail: 0, reject: 0 };
const name = (id) => (id ? id.toUpperCase() : 'никому');
const seconds = (ms) => (ms ? fmt(ms / 1000) : '—');
const trouble = ({ up, healthy, known }) => (up ? (healthy ? (known ? '' : 'ждёт') : 'ожил?') : healthy ? 'лежит' : 'убран');
const WORDS = {
  'balancer.state': (e) => `Балансировка: ${WAYS[e.algorithm][0]}`,
  'node.state': (e) => `${name(e.node)}: ${trouble(e) || 'в строю'}`,
  'load.report': (e) => `Сводка: ${e.loads.join(', ')}`,
  'request.sent': (e) => `Запрос ${e.id} → ${name(e.node)}`,
  'request.done': (e) => `Запрос ${e.id}: ${name(e.node)} ответил за ${fmt(e.ms / 1000, 2)} с`,
  'request.failed': (e) => `Запрос ${e.id} потерян: ${ERRORS[e.error] ?? 'узла нет'}`,
  'world.stats': (e) => `p99 ${seconds(e.p99)} с; очередь ${e.longest}, по модели ${fmt(e.model)}`,
};
const outcome = (e) => e.id && (e.error === 'NoHealthyNodes' ? 'reject' : e.error ? 'fail' : e.ms && 'ok');
/** Requests that have come to a node: the first is in work, the rest wait. */
const held = (node, t) => (node.up ? node.inside.filter((one) => one.t + HOP <= t).length : 0);
/** What state the whole is in: [kind of band, word]. */
function phase({ order, nodes, algorithm, stale }) {
  const out = order.filter((id) => nodes[id].known && trouble(nodes[id]));
  if (out.length) return ['open', `${out.map(name).join(', ')} вне игры`];
  return [stale ? 'half_open' : 'closed', `${(WAYS[algorithm]?.[0] ?? 'начало').toLowerCase()}${stale ? ', сводки' : ''}`];
}

export default {
  legend: [['request', 'запрос'], ['ok', 'ответ'], ['fail', 'потерян'], ['reject', 'отказ']],
  chart: { label: 'Очередь (пунктир — модель)', bound: () => '' },
  columns: [{ title: 'Что случилось', text: (e) => WORDS[e.kind]?.(e) ?? '' }],
  height: () => 316,
  initial: () => ({ ...ZERO, order: [], nodes: {}, moves: [], seen: [], inside: [], ranks: {}, longest: null }),
  reduce(s, e) {
    const [kind, node, at] = [outcome(e), s.nodes[e.node], s.nodes[e.node] ?? s]; // what was sent to nobody is kept apart
    s.moves = s.moves.filter((move) => move.t + HOP > e.t);
    if (node && (kind || e.id)) s.moves.push({ node: e.node, side: kind ? -1 : 1, kind: kind || 'request', t: e.t });
    if (e.error === 'NoHealthyNodes') s.refused = e.t;
    if (kind) {
      s[kind] += 1;
      at.inside = at.inside.filter((one) => one.id !== e.id);
    } else if (e.kind === 'run.started') s.stale = e.controls?.stale ?? 0;
    else if (e.kind === 'control.set' && e.name === 'stale') Object.assign(s, { stale: e.value, seen: e.value ? s.seen : [] });
    else if (e.kind === 'world.ready') {
      s.order = e.nodes;
      for (const id of s.order) s.nodes[id] = { ...NOBODY, known: id !== 'f', inside: [] };
    } else if (e.kind === 'balancer.state') Object.assign(s, { algorithm: e.algorithm, row: 0 });
    else if (e.kind === 'node.state' && node) Object.assign(node, { up: e.up, healthy: e.healthy, known: e.known });
    else if (e.kind === 'load.report') Object.assign(s, { told: e.t, seen: e.loads });
    else if (e.kind === 'request.sent') {
      Object.assign(s, { row: s.who === e.node ? s.row + 1 : 1, who: e.node });
      if (s.row >= HERD) Object.assign(s, { herd: e.t, most: s.row, whose: e.node });
      at.inside.push({ id: e.id, t: e.t });
    } else if (e.kind === 'world.stats') s.longest = e.longest;
    if (e.p50) s.ranks[s.algorithm] = [e.p50, e.p99];
    return s;
  },

  layout(k) {
    const v = k.vertical;
    const hub = v ? { x: k.w / 2, y: 64, w: k.w - 4, h: 122 } : { x: 116, y: 156, w: 222, h: 304 };
    const [left, top] = [hub.x - hub.w / 2, hub.y - hub.h / 2];
    k.shape('rect', { x: left, y: top, width: hub.w, height: hub.h, rx: 14, class: 'k-box' });
    const [first, step, p50, p99] = v ? [20, 18, 148, 190] : [66, 27, 162, 208];
    if (!v) k.text(hub.x, 34, 'k-title k-mid')('Балансировщик');
    Object.assign(k, { tops: {}, mark: k.shape('rect', { x: left + 5, width: v ? 194 : 210, height: step - 2, rx: 5, class: 'k-cell' }) });
    ['p50, с', 'p99, с'].forEach((word, j) => k.text(left + [p50, p99][j], top + first, 'k-tick k-end')(word));
    k.ranks = Object.entries(WAYS).map(([id, [word]], i) => {
      const y = top + first + (i + 1) * step;
      k.tops[id] = y - step / 2 - 4;
      k.text(left + 12, y, v ? 'k-tick' : '')(word);
      return [id, ...[p50, p99].map((x) => k.text(left + x, y, 'k-body k-end'))];
    });
    k.counts = ['ok', 'fail', 'reject'].map((kind, i) => [kind, k.tally(left + (v ? 210 : 14 + 68 * i), v ? 28 + 20 * i : 296, [kind], 0)]);
    k.news = [0, 1].map((i) => k.text(left + (v ? 206 : 12), (v ? 92 : 244) + i * 18, 'k-tick'));
    k.rows = Array.from({ length: 6 }, (_, i) => {
      const w = v ? k.w / 6 - 5 : Math.min(430, k.w - 306);
      const at = v ? { x: k.w * (i + 0.5) / 6, y: 246, w, h: 132 } : { x: k.w - 6 - w / 2, y: 26 + i * 52, w, h: 42 };
      const node = k.node({ ...at, icon: v ? '' : 'server' });
      k.link(i, v ? { ...hub, x: at.x } : { ...hub, y: at.y, h: at.h }, node, 7);
      const [bx, by] = [at.x - w / 2, at.y - at.h / 2];
      const [lx, ly] = v ? [at.x - 20, by + 36] : [bx + w - LINE * 17 - 10, at.y - 6];
      const spot = (n) => (v ? `${lx} ${ly - 1 + Math.ceil(Math.min(n, LINE) / 3) * 14}` : `${lx + Math.min(n, LINE) * 17} ${at.y}`);
      return {
        node, spot, title: k.text(v ? bx + 8 : bx + 48, by + (v ? 22 : 26), 'k-title'),
        trouble: v ? k.text(at.x, by + 122, 'k-tick k-mid') : k.text(lx, at.y + 5, 'k-sub k-left'),
        count: k.text(v ? bx + w - 8 : lx - 9, by + (v ? 22 : 26), 'k-body k-end'),
        line: k.cells(lx, ly, LINE, { centre: false, ...(v ? { per: 3, size: 11, gap: 3 } : {}) }),
        seen: k.shape('path', { d: v ? 'M-3 0h46' : 'M-2-14v28', class: 'k-wire' }, k.over),
      };
    });
  },
  draw(k, s, t) {
    k.ranks.forEach(([id, ...texts]) => texts.forEach((write, j) => write(seconds(s.ranks[id]?.[j]))));
    k.set(k.mark, 'y', k.tops[s.algorithm] ?? -99);
    for (const [kind, write] of k.counts) write([s[kind]]);
    k.news[0](s.stale ? `Сводке ${fmt(Math.max(0, t - s.told))} с;` : 'Занятость');
    k.news[1](s.stale ? 'черта — по ней' : 'видна сразу');
    k.rows.forEach((row, i) => {
      const [id, node] = [s.order[i], s.nodes[s.order[i]] ?? NOBODY];
      const [count, word] = [held(node, t), trouble(node)];
      row.title(id ? name(id) : '');
      row.node.tone(node.up ? 'plain' : 'fail');
      row.trouble(count ? '' : word);
      row.count(word && !count ? '' : String(count));
      row.line(Array.from({ length: word && !count ? 0 : LINE }, (_, j) => (j < count ? (j ? 'busy' : 'ok') : 'none')));
      k.set(row.seen, 'transform', `translate(${row.spot(s.seen[i] ?? 0)})`);
      k.set(row.seen, 'display', s.seen.length && node.known ? 'inline' : 'none');
    });
    for (const one of s.moves) if (t <= one.t + HOP) k.packet(s.order.indexOf(one.node), (t - one.t) / HOP, one.kind, one.side);
  },
  value: (s) => s.longest,
  badge: (s) => phase(s).map((word, i) => (i ? word[0].toUpperCase() + word.slice(1) : { open: 'fail', closed: 'ok' }[word] ?? 'probe')),
  key: (e, run) => e.t > 0 && (/state/.test(e.kind) || e.name === 'stale' || (e.kind === 'request.failed' && run.isFirst(e))),
  still: (run) => (run.events.find((e) => e.name === 'stale')?.t ?? 9) + 1.8,
  say(s, t) {
    const of = (test) => s.order.find((id) => s.nodes[id].known && test(s.nodes[id]));
    const [dead, fresh] = [true, false].map((healthy) => of((node) => node.up !== healthy && node.healthy === healthy));
    const [, live, old, lies = 'а проверка ещё не заметила: часть запросов пропадает'] = WAYS[s.algorithm] ?? [0, 'Серверы и балансировщик'];
    const line = Math.max(0, ...s.order.map((id) => held(s.nodes[id], t)));
    const tail = line > 4 ? ` У ${name(s.order.find((id) => held(s.nodes[id], t) === line))} их ${line}.` : '';
    if (s.inside.length) return 'Балансировщик отдал неизвестный узел: клиент ждёт впустую.';
    if (t - s.refused < 1) return 'Живых узлов нет: клиент получает отказ сразу.';
    if (dead) return `${name(dead)} лежит, ${lies}.`;
    if (t - s.herd < 1) return `Стадо: ${s.most} подряд серверу ${name(s.whose)}, ведь он был самым свободным.`;
    if (fresh) return `${name(fresh)} поднялся, но до проверки запросов не получит.`;
    return `${(s.stale && old) || live}.${tail}`;
  },
  overview(run, n) {
    let state = this.initial();
    const turns = run.events.filter(({ kind }) => /ready|state|control|started/.test(kind))
      .map((e) => [e.t, ...phase(state = this.reduce(state, e))])
      .filter(([t], i, all) => t !== all[i + 1]?.[0]) // the last word of each moment
      .filter(([, , label], i, all) => label !== all[i - 1]?.[2]);
    const bands = turns.map(([from, kind, label], i) => ({ kind, label, from, to: turns[i + 1]?.[0] ?? run.end }));
    const marks = bands.filter(({ kind }) => kind === 'open').map(({ from, label }) => ({ t: from, label, short: label[0] }));
    const read = { first: '', measured: '', phase: () => '', mark: () => '', bound: (e) => e.model, outcome, value: (e) => e.longest };
    return { ...overview(run, n, { ...read, names: {} }), bands, marks };
  },
};
