import { clamp, ease, fmt, lerp, overview, plural } from '#kit';

const NAMES = [...'ABCDEF'];
const FILL = ['var(--ok)', 'var(--warn-fill)', 'var(--probe)', 'var(--blue)',
  'color-mix(in oklab, var(--fail) 50%, var(--probe))', 'color-mix(in oklab, var(--ink) 62%, var(--card))'];
const PHASE = { closed: ['ok', 'Всё на местах'], half_open: ['probe', 'Переезд'], open: ['fail', 'Есть пропажа'] };
const CAUSE = { join: 'Пришёл', leave: 'Ушёл', crash: 'Сгорел' };
const [dot, diamond] = [(r) => `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`, (r) => `M0 ${-r}L${r} 0 0 ${r} ${-r} 0z`];
const colour = (name) => FILL[NAMES.indexOf(name)] ?? 'var(--mute)';
const percent = (value) => `${fmt(value, value % 1 ? 1 : 0)} %`;
const busy = (s, name) => s.seen.filter(({ shard }) => shard === name).length / s.seen.length; // share of the latest readings
const phase = (e) => ({ 'change.measured': e.missing ? 'open' : 'closed', 'change.started': e.cause !== 'crash' && 'half_open' })[e.kind] || null;
const WORDS = {
  'change.started': (e) => `${CAUSE[e.cause]} шард ${e.shard}`,
  'key.moved': (e) => `Корзина ${e.id}: ${e.source} → ${e.target}`,
  'key.read': (e) => `Корзина ${e.id}: на шарде ${e.shard} ${e.found ? 'нашлась' : 'её нет'}`,
  'change.measured': (e) => `Сменили хозяина ${percent(e.moved)}, модель ${percent(e.model)}; не найти ${e.missing}`,
};
const put = (k, shape, attributes) => { for (const name in attributes) k.set(shape, name, attributes[name]); };

// One path a shard, all its arcs; and letters at those wide enough.
function drawArcs(k, arcs, point) {
  const [R, paths, letters, n] = [k.R, {}, [], arcs.length];
  for (let i = 0, j = 0, name = arcs[0]; i < n; i = j, name = arcs[i]) {
    while (arcs[j] === name) j++;
    paths[name] = `${paths[name] ?? ''}M${point(i / n, R)}A${R} ${R} 0 ${+(j - i > n / 2)} 1 ${point(Math.min(j / n, i / n + 0.9999), R)}`;
    if (j - i > n * 0.03) letters.push([name, point((i + j) / 2 / n, R + k.wide / 2 + 10)]);
  }
  NAMES.forEach((name, i) => k.set(k.arcs[i], 'd', paths[name] ?? ''));
  k.letters.forEach(({ group, say }, i) => { say(letters[i]?.[0] ?? ''); k.set(group, 'transform', `translate(${letters[i]?.[1] ?? 0})`); });
}

export default {
  legend: [['request', 'корзина (цвет — её шард)'], ['fail', 'лежит не там, где ищут'], ['probe', 'потеряна']],
  chart: { label: 'Сменили хозяина, %', bound: (value) => `модель K/N: ${percent(value)}` },
  columns: [{ title: 'Что случилось', text: (e) => WORDS[e.kind]?.(e) ?? '' }],
  height: (width) => (width < 560 ? 226 : 290),
  initial: () => ({
    phase: 'closed', keys: 1, angles: [], owners: '', at: [], arcs: '', shards: '', weights: [], vnodes: 0, since: -9, cause: 'start', shard: '',
    carried: null, moved: null, model: 0, spread: 0, spread_model: 0, fullest: 1, seen: Array(6).fill({ t: -9, id: 0 }), flights: [],
  }),
  reduce(s, e) {
    s.phase = phase(e) ?? s.phase;
    switch (e.kind) {
      case 'world.ready': s.keys = e.keys; break;
      case 'keys.angles': s.angles.splice(e.first, e.angles.length, ...e.angles); break;
      case 'change.started': Object.assign(s, { cause: e.cause, shard: e.shard, flights: [], carried: e.cause === 'crash' ? null : 0 }); break;
      case 'ring.seen': Object.assign(s, e, { at: [...e.at] }); break;
      case 'change.measured': Object.assign(s, e, { carried: null, since: e.t }, e.shard ? {} : { moved: null }); break;
      case 'key.moved': Object.assign(s, { carried: s.carried + 1, at: s.at.with(e.id, e.target), flights: [...s.flights.slice(-31), e] }); break;
      case 'key.read': s.seen = [...s.seen.slice(-31), e];
    }
    return s;
  },
  layout(k) {
    const v = k.vertical;
    Object.assign(k, { R: v ? 84 : 120, wide: v ? 12 : 18, r: v ? 2.3 : 3.3, drawn: null });
    const [x, y] = k.centre = [k.R + (v ? 16 : 60), k.h / 2 - (v ? 6 : 0)];
    const make = (n, tag, attributes, parent) => Array.from({ length: n }, () => k.shape(tag, attributes, parent));
    k.arcs = NAMES.map((name) => k.shape('path', { fill: 'none', stroke: colour(name), 'stroke-width': k.wide }, k.under));
    k.dots = make(240, 'path', { 'stroke-width': 1.5 });
    k.letters = make(16, 'g', {}).map((group) => ({ group, say: k.text(0, 5, 'k-body k-mid', group) }));
    k.words = [-4, 14, 30].map((dy, i) => k.text(x, y + dy, i ? 'k-tick k-mid' : 'k-big'));
    k.room = k.w - (k.left = x + k.R + (v ? 58 : 108)) - (v ? 30 : 52);
    k.rows = NAMES.map((name, i) => {
      const [group, chip, top] = [k.shape('g', {}), k.left - 20, 8 + i * (v ? 32 : 42)];
      const rect = (x, dy, width, height, fill, stroke = 'none') => k.shape('rect', { x, y: top + dy, width, height, rx: 3, fill, stroke }, group);
      rect(chip - 11, 1, 22, 22, 'var(--card)', colour(name));
      k.text(chip, top + 17, 'k-body k-mid', group)(name);
      rect(k.left, 1, k.room, 13, 'var(--sunk)');
      const [bar, read, mean] = [rect(k.left, 1, 0, 13, colour(name)), rect(k.left, 18, 0, 5, 'var(--mute)'), rect(k.left, -2, 2, 20, 'var(--ink)')];
      return { group, bar, read, mean, x: chip, y: top + 12, held: k.text(k.left + k.room + 8, top + 13, 'k-body k-left', group) };
    });
    k.spread = v ? k.text(k.w, 218, 'k-tick k-end') : k.text(k.left - 32, 280, 'k-sub k-left');
    k.flying = make(32, 'path', { d: dot(k.r + 1.5), stroke: 'var(--card)' }, k.over);
  },
  draw(k, s, t) {
    const [cx, cy] = k.centre;
    const point = (turn, r) => [cx + r * Math.sin(turn * 2 * Math.PI), cy - r * Math.cos(turn * 2 * Math.PI)].map((one) => one.toFixed(1));
    const place = (id) => point(s.angles[id] ?? 0, k.R - k.wide / 2 - k.r * (2.6 + (id % 3) * 2.4));
    if (k.drawn !== s.arcs) drawArcs(k, k.drawn = s.arcs, point);
    const held = { '-': 0 };
    k.dots.forEach((shape, i) => {
      const [at, gone] = [s.at[i] ?? '', s.at[i] === '-'];
      if (at) held[at] = (held[at] ?? 0) + 1;
      const stray = !gone && s.carried === null && at !== s.owners[i];
      const [fill, stroke] = gone ? ['none', 'var(--probe)'] : [stray ? 'var(--fail)' : colour(at), 'none'];
      put(k, shape, { display: at ? 'inline' : 'none', transform: `translate(${place(i)})`, d: stray ? diamond(k.r * 1.6) : dot(k.r), fill, stroke });
    });
    const mean = (s.at.length - held['-']) / (s.weights.reduce((one, more) => one + more, 0) || 1);
    const scale = k.room / Math.max(s.keys / 2, ...Object.values(held));
    k.rows.forEach((row, i) => {
      const [n, count] = [s.shards.indexOf(NAMES[i]), held[NAMES[i]] ?? 0];
      const shown = n >= 0 || count > 0;
      k.set(row.bar, 'width', (count * scale).toFixed(1));
      k.set(row.read, 'width', (shown ? busy(s, NAMES[i]) * k.room : 0).toFixed(1));
      put(k, row.mean, { display: n < 0 ? 'none' : 'inline', x: (k.left + scale * mean * (s.weights[n] ?? 0)).toFixed(1) });
      k.set(row.group, 'opacity', shown ? 1 : 0.2);
      row.held(shown ? String(count) : '');
    });
    k.flying.forEach((shape, i) => {
      const { t: at = -9, id = 0, source, target } = s.flights.at(-1 - i) ?? {};
      const part = k.reduced ? 1 : ease(clamp((t - at) / 0.9)); // seconds a moving basket is seen on its way
      const [[x, y], row] = [place(id), k.rows[NAMES.indexOf(target)] ?? k.rows[0]];
      const transform = `translate(${lerp(+x, row.x, part)},${lerp(+y, row.y, part)})`;
      put(k, shape, { display: part < 1 ? 'inline' : 'none', transform, fill: colour(part < 0.5 ? source : target) });
    });
    s.seen.slice(-6).forEach((e, i) => k.pulse(`read${i}`, ...place(e.id), 3, e.found ? 11 : 18, (t - e.t) / 0.6, e.found ? 'ok' : 'fail'));
    k.pulse('turn', cx, cy, k.R + 10, k.R + 28, (t - s.since) / 0.7, PHASE[s.phase][0]);
    const [now, model] = [this.value(s), s.carried === null ? `модель: ${percent(s.model)}` : ''];
    const words = now === null ? [String(s.keys), 'всего корзин', ''] : [percent(now), model ? 'сменили хозяина' : 'уже переехало', model];
    k.words.forEach((say, i) => say(words[i]));
    k.spread(`Разброс ${fmt(s.spread, 0)} %, по формуле ${fmt(s.spread_model, 0)} %`);
  },
  value: (s) => (s.carried === null ? s.moved : Math.round((1000 * s.carried) / s.keys) / 10),
  badge: (s) => PHASE[s.phase],
  key: (e) => e.kind === 'change.started' || (e.kind === 'change.measured' && e.cause !== 'start'),
  still: (run) => (run.events.find((e) => e.kind === 'key.moved')?.t ?? 0) + 1.6,
  say(s, t) {
    const [gone, recent] = [s.at.filter((at) => at === '-').length, t - s.since < 7];
    const astray = s.at.filter((at, i) => at !== s.owners[i]).length - gone;
    const hot = Math.max(...NAMES.map((name) => busy(s, name)));
    if (s.carried !== null && s.cause === 'leave') return `Шард ${s.shard} уходит и раздаёт корзины. Чтения ждут.`;
    if (s.carried !== null) return `Пришёл шард ${s.shard}: к нему летят корзины с его участков кольца, остальные не двигаются. Чтения ждут.`;
    if (astray) return `Искать стали у другого шарда, а данные на прежнем. Чтение не находит: ${plural(astray, 'корзина', 'корзины', 'корзин')}.`;
    if (recent && s.cause === 'crash') return `Шард ${s.shard} сгорел вместе с корзинами: ${gone}. Копий кольцо не хранит, остальные на местах.`;
    if (recent && s.moved !== null) return `Сменили хозяина ${percent(s.moved)} корзин, по модели K/N — ${percent(s.model)}.`;
    if (hot > 0.5) return `Один шард отвечает на ${percent(Math.round(100 * hot))} чтений, остальные скучают.`;
    if (gone) return `Корзин потеряно навсегда: ${gone}.`;
    return `Виртуальных узлов на шард: ${s.vnodes}. Самый полный держит в ${fmt(s.fullest)} раза больше положенного.`;
  },
  overview(run, n) {
    const [series, bound] = [[], []];
    const rest = (t) => series.length && series.push([t, series.at(-1)[1]], [t, null]);
    let [began, count, keys] = [0, 0, run.events.find((e) => e.kind === 'world.ready')?.keys ?? 1];
    for (const e of run.events) {
      if (e.kind === 'change.started' || (e.kind === 'change.measured' && !e.shard)) rest(e.t);
      if (e.kind === 'change.started') series.push([began = e.t, count = 0]);
      if (e.kind === 'key.moved') series.push([e.t, (100 * (count += 1)) / keys]);
      if (e.kind === 'change.measured' && e.shard) bound.push([began, e.model]), series.push([e.t, e.moved]);
    }
    rest(run.end);
    const names = { closed: PHASE.closed[1], half_open: PHASE.half_open[1], open: PHASE.open[1] };
    const changed = (e) => e.kind === 'change.started' && { label: `${CAUSE[e.cause].toLowerCase()} ${e.shard}`, short: e.shard };
    const mark = (e) => changed(e) || (e.cause === 'rebuild' && e.kind === 'ring.seen' && { label: 'собран заново', short: 'заново' });
    const outcome = (e) => e.kind === 'key.read' && (e.found ? 'ok' : 'fail');
    const whole = overview(run, n, { first: 'closed', names, phase, mark, outcome, value() {}, bound() {} });
    return { ...whole, series, bound, high: 10 * Math.ceil(Math.max(10, ...[...series, ...bound].map(([, value]) => value)) / 10) };
  },
};
