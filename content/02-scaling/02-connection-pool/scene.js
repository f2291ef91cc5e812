import { clamp, fmt, lerp, overview } from '#kit';

const HOP = 0.14; // seconds a packet travels between two boxes on the picture
const DIAL = 0.3; // seconds a handshake lasts, as in demo.py
const ROWS = 12; // connections the server lets in at once; as many waiting requests are drawn
const NAMES = { calm: 'Хватает', queue: 'Очередь', refusing: 'Отказы', direct: 'Без пула' };
const TONES = { calm: 'ok', queue: 'probe', refusing: 'fail', direct: 'probe' };
const BANDS = { ok: 'closed', probe: 'half_open', fail: 'open' };
const KINDS = ['ok', 'fail', 'reject'];
const outcome = (e) => (e.ok ? 'ok' : e.error === 'PoolTimeout' ? 'reject' : 'fail');
const sec = (ms) => `${fmt(ms / 1000, 2)} с`;
const WORDS = {
  'request.sent': (e) => `Запрос ${e.id}: нужно соединение`, 'request.done': (e) => `Запрос ${e.id}: ${e.error || 'ответ'}, ${sec(e.ms)}`,
  'request.leased': (e) => `Запрос ${e.id}: соединение ${e.conn}, ждал ${sec(e.waited)}`,
  'pool.crashed': (e) => `Пул сломался: ${e.error}, ${e.text}`, 'pool.state': (e) => `${NAMES[e.before]} → ${NAMES[e.after]}`,
  'pool.gauge': (e) => `Занято ${fmt(e.busy)}, λW = ${fmt(e.little)}, нужно ${fmt(e.need)}`,
};
const STEPS = { dialing: 'рукопожатие', open: 'открыто', dead: 'мёртвое', closed: 'закрыто', shared: 'выдано двоим' };
const step = (e) => (e.conn ? `Соединение ${e.conn}: ${STEPS[e.kind.slice(5)]}` : e.size ? `Пул на ${e.size}` : '');
const FLAGS = { query: (v) => `${v} мс`, cores: (v) => `ядер ${v}`, kill: () => 'обрыв' };
const told = (e) => (e.by || e.name === 'kill') && FLAGS[e.name]?.(e.value); // a reader's slider sends too many values to flag
const mark = (e) => { const label = e.kind === 'pool.opened' && e.t > 1 ? `мест ${e.size}` : told(e); return label && { label }; };
const conns = (s) => Object.values(s.conns);
const free = (s) => Array.from(Array(99).keys()).find((row) => !conns(s).some((one) => one.row === row));
const busy = (s, t) => conns(s).filter((one) => one.from <= t && t < one.until).sort((a, b) => a.from - b.from);
const line = (s, t) => Object.values(s.requests).filter((one) => one.row === null && one.at <= t && s.state !== 'direct');

export default {
  legend: [['request', 'запрос'], ['ok', 'ответ, свободно'], ['probe', 'рукопожатие, ждёт ядра'], ['fail', 'обрыв'], ['reject', 'отказ']],
  chart: { label: 'Занято соединений', bound: (value) => `нужно λW = ${fmt(value)}` },
  columns: [{ title: 'Что случилось', text: (e) => (WORDS[e.kind] ?? step)(e) }],
  height: (width) => (width < 560 ? 336 : 296),
  initial: () => ({ state: 'calm', size: 4, cores: 8, requests: {}, conns: {}, moves: [], tally: [0, 0, 0], gauge: { busy: 0 }, took: {} }),

  reduce(s, e) {
    const go = (row, side, kind, t) => s.moves.push({ row, side, kind, t }) && t + HOP;
    if (s.moves.length > 64) s.moves = s.moves.filter((move) => move.t + HOP > e.t);
    const [request, conn] = [s.requests[e.id] ?? { row: null, at: e.t }, s.conns[e.conn] ?? {}];
    Object.assign(s, {
      'world.ready': { size: e.size, cores: e.cores }, 'pool.opened': { size: e.size }, 'pool.state': { state: e.after },
      'pool.gauge': { gauge: e }, 'pool.crashed': { broke: e.t }, 'control.set': { cores: { cores: e.value }, kill: { killed: e.t } }[e.name],
    }[e.kind]);
    if (e.name === 'kill') for (const one of conns(s)) one.cut = true;
    switch (e.kind) {
      case 'pool.closed': conns(s).sort((a, b) => a.row - b.row).forEach((one, i) => { one.row = i; }); break; // close up
      case 'conn.dialing': s.conns[e.conn] = { row: free(s), t: e.t, from: Infinity, until: 0 }; break;
      case 'conn.open': conn.open = true; break;
      case 'conn.dead': conn.cut = true; break;
      case 'conn.closed': delete s.conns[e.conn]; break;
      case 'request.sent': s.requests[e.id] = { row: null, at: go(null, 1, 'request', e.t) }; break;
      case 'request.leased':
        Object.assign(conn, { from: Math.max(e.t, request.at), until: Infinity });
        Object.assign(request, { conn: e.conn, row: conn.row ?? null, at: go(conn.row ?? null, 1, 'request', conn.from) });
        break;
      case 'request.done': {
        const [kind, mode, at] = [outcome(e), s.state === 'direct' ? 'alone' : 'pool', Math.max(e.t, request.at)];
        s.tally[KINDS.indexOf(kind)] += 1;
        if (e.ok) s.took[mode] = lerp(s.took[mode] ?? e.ms, e.ms, 0.25);
        if (kind === 'reject' && e.ms < 50) s.rash = e.t;
        if (s.conns[request.conn]) s.conns[request.conn].until = at;
        go(null, -1, kind, request.row === null ? at : go(request.row, -1, kind, at));
        delete s.requests[e.id];
      }
    }
    return s;
  },

  layout(k) {
    const { vertical: v, w } = k;
    // Rows are drawn lying: x along the way of a packet, y across it. A phone swaps the two.
    const [middle, pool, server, deep, broad] = v ? [w / 2, 158, 264, 34, w - 6] : [148, w * 0.55, w - 33, 54, 236];
    const [under, over] = [k.under, k.mid].map((layer) => k.shape('g', { transform: v ? 'matrix(0 1 1 0 0 0)' : '' }, layer));
    const clients = k.node({ icon: 'client', title: 'Клиенты', ...(v ? { x: 90, y: 30, w: 172, h: 56 } : { x: 86, y: 148, w: 164 }) });
    k.link('in', clients, { x: v ? 90 : pool, y: v ? pool : middle, w: deep, h: deep });
    const box = { class: 'k-box', y: middle - broad / 2, width: deep, height: broad, rx: 12 };
    for (const x of [pool, server]) k.shape('rect', { ...box, x: x - deep / 2 }, over);
    Object.assign(k, { from: pool + deep / 2, to: server - deep / 2 });
    k.rows = Array.from({ length: ROWS }, () => {
      const groups = [under, over].map((parent) => k.shape('g', {}, parent));
      const cells = [pool, server].map((x) => k.shape('rect', { x: x - 7, y: -7, width: 14, height: 14, rx: 3 }, groups[1]));
      return { groups, cells, wire: k.shape('line', { x1: k.from, x2: k.to }, groups[0]) };
    });
    k.counts = k.tally(16, v ? 49 : 178, KINDS, 52);
    k.titles = [k.text(v ? w - 4 : pool + 34, v ? 132 : 20, 'k-body k-end'), k.text(w - 4, v ? 304 : 20, 'k-body k-end')];
    k.queue = k.text(v ? 150 : pool / 2 + 70, v ? 106 : 112);
    k.law = k.text(v ? middle : (k.from + k.to) / 2, v ? 328 : 288);
    k.took = [0, 1].map((i) => k.text(v ? 184 : 8 + 164 * i, v ? 30 + 20 * i : 288, 'k-sub k-left'));
    k.place = (i, n) => middle + (i - (n - 1) / 2) * Math.min(24, (v ? w - 44 : 214) / n);
  },

  draw(k, s, t) {
    const n = clamp(Math.max(s.state === 'direct' ? 4 : s.size, ...conns(s).map((one) => one.row + 1)), 1, ROWS);
    const [working, waiting, span] = [busy(s, t), line(s, t), k.to - k.from];
    k.rows.forEach(({ groups, wire, cells }, i) => {
      const conn = conns(s).find((one) => one.row === i);
      const turn = working.indexOf(conn);
      const [kind, colour, width, dash] = !conn ? ['none', 'line', 2, '1 7']
        : conn.cut ? ['fail', 'fail', 3, `${span * 0.42} ${span * 0.16}`]
          : !conn.open ? ['probe', 'probe', 3, `${(clamp((t - conn.t) / DIAL) * span).toFixed()} 999`]
            : turn < 0 ? ['ok', 'ok', 2, 0] : ['busy', 'blue', 4, 0];
      for (const group of groups) k.set(group, 'transform', i < n ? `translate(0 ${k.place(i, n).toFixed(1)})` : 'scale(0)');
      k.set(wire, 'style', `stroke:var(--${colour});stroke-width:${width};stroke-dasharray:${dash}`);
      [kind, turn < 0 ? 'none' : turn < s.cores ? 'busy' : 'probe'].forEach((one, j) => k.set(cells[j], 'class', `k-cell c-${one}`));
    });
    waiting.slice(0, k.vertical ? 5 : ROWS).forEach((_, i) => k.packet('in', 0.94 - i * (k.vertical ? 0.19 : 0.07), 'request'));
    for (const { row, side, kind, t: start } of s.moves) {
      const part = (t - start) / HOP;
      const point = [k.from + span * (side > 0 ? part : 1 - part), k.place(row, n)];
      if (part < 0 || part > 1) continue;
      if (row === null) k.packet('in', part, kind, side);
      else k.packets.put(kind, ...(k.vertical ? point.reverse() : point));
    }
    const { gauge: { busy: held, rate, held: time, little }, took: { pool, alone } } = s;
    k.counts(s.tally);
    k.titles[0](s.state === 'direct' ? 'Без пула' : `Пул, мест ${s.size}`);
    k.titles[1](`Сервер, ядер ${s.cores}`);
    k.queue(waiting.length ? `ждут ${waiting.length}` : '');
    k.law(rate ? `занято ${fmt(held)}, λW = ${fmt(rate)} · ${fmt(time, 2)} = ${fmt(little)}` : '');
    [pool, alone].forEach((ms, i) => k.took[i](ms ? `ответ ${['с пулом', 'без пула'][i]} ${sec(ms)}` : ''));
  },

  value: (s) => s.gauge.busy,
  badge: (s) => [TONES[s.state], NAMES[s.state]],
  key: (e, run) => e.kind === 'pool.state' || !!mark(e) || (/crashed|shared/.test(e.kind) && run.isFirst(e)),
  still: (run) => (run.events.filter((e) => e.error === 'PoolTimeout')[3]?.t ?? 0) + 0.05,
  say(s, t) {
    const [queue, working, { need }] = [line(s, t).length, busy(s, t).length, s.gauge];
    const any = (test) => conns(s).some(test);
    if (t - s.broke < 2) return 'Пул сломался: ответ уже был, а клиент получил чужую ошибку.';
    if (s.state === 'direct') return 'Пула нет: каждый запрос открывает своё соединение, рукопожатие дольше запроса.';
    if (t - s.rash < 1.2 && !any((one) => !one.cut)) return 'Отказ за отказом, а сервер пуст: пул числит занятыми мёртвые соединения.';
    if (t - s.rash < 1.2) return 'Отказ сразу, без ожидания, хотя место вот-вот освободится.';
    if (any((one) => one.cut)) return 'Соединения оборваны, но пул ещё не знает: мёртвое обнаружится, когда его соберутся выдать.';
    if (t - s.killed < 2 && any((one) => !one.open)) return 'Вместо оборванных открываются новые соединения: каждое ждёт рукопожатия.';
    const locked = queue && conns(s).length <= s.size && any((one) => !one.open) && any((one) => one.open && t > one.until);
    if (locked) return 'Есть свободное соединение, а все стоят: кто-то открывает новое и держит замок.';
    if (working > s.cores) return `Соединений в работе ${working}, ядер ${s.cores}: очередь теперь внутри сервера.`;
    if (need > s.size) return `Нужно соединений ${fmt(need)}, мест ${s.size}: очередь растёт, кто не дождался — уходит ни с чем.`;
    if (queue) return `Заняты все места, ждут ${queue}: всплеск пройдёт, очередь растает.`;
    return `Соединений хватает: в среднем занято ${fmt(s.gauge.busy)} из ${s.size}, никто не ждёт.`;
  },

  overview(run, n) {
    const [phase, value, ended] = [(e) => e.kind === 'pool.state' && e.after, () => undefined, (e) => e.kind === 'request.done' && outcome(e)];
    const drawn = overview(run, n, { first: 'calm', names: NAMES, mark, phase, value, bound: (e) => e.need, outcome: ended });
    drawn.bands.forEach((band) => { band.kind = BANDS[TONES[band.kind]]; });
    drawn.series = [[0, 0], ...run.events.filter((e) => e.need).map((e) => [e.t, e.busy])];
    return { ...drawn, high: Math.ceil(Math.max(drawn.high, ...drawn.series.map(([, value]) => value))) };
  },
};
