import { clamp, ease, lerp, overview } from '#kit';

const [HOP, FLIGHT, WORD] = [0.25, 0.7, 1.2]; // seconds: a packet's way, as in demo.py; a moving key's; an answer stays written
const FIRST = [0, 5461, 10923, 16384]; // slots the nodes begin with
const STATE = { ok: 'отвечает', fail: 'молчит', dead: 'остановлен', new: 'запускается' };
const WORDS = {
  'node.state': (e) => `Узел ${e.node} ${STATE[e.state]}`,
  'key.slot': (e) => `${e.key}: слот ${e.server}, узел ${e.node}`,
  'key.missed': (e) => `${e.key}: клиент ищет в слоте ${e.ours}, ключ в слоте ${e.server}, узел ${e.node}`,
  'hop.sent': (e) => `Запрос ${e.id}: к узлу ${e.node}${e.map ? ' за картой' : e.asking ? ' с ASKING' : ''}`,
  'hop.answered': (e) => `Запрос ${e.id}: узел ${e.node} — ${answer(e)}`,
  'request.done': (e) => `Запрос ${e.id}: ${e.error || 'ответ'}, узлов ${e.visits}`,
  'slot.moving': (e) => `Слот ${e.slot}: узел ${e.source} → ${e.target}, ключей ${e.left}`,
  'slot.moved': (e) => `Слот ${e.slot} теперь на узле ${e.target}`,
  'slot.stuck': (e) => `Переезд прерван: ${e.error}`,
};
const answer = (e) => (e.answer === 'refused' ? 'нет связи' : e.answer.toUpperCase() + (e.to ? ` → ${e.to}` : ''));
const those = (nodes, state) => Object.keys(nodes).filter((number) => nodes[number] === state);
const alive = (s) => those(s.nodes, 'ok').length;
const phase = (s) => (!s.ready ? 'start' : alive(s) < 3 ? 'open' : s.slot ? 'half_open' : 'closed');
const NAMES = { start: 'Знакомятся', open: 'Нет узла', half_open: 'Слот едет', closed: 'Всё на месте' };
const died = (e) => e.kind === 'node.state' && e.state === 'dead' && e.t > 1;
const write = (element, text) => (element.textContent === text ? text : (element.textContent = text));

export default {
  legend: [['request', 'запрос'], ['ok', 'ответ'], ['reject', 'не сюда'], ['fail', 'ошибка'], ['probe', 'карта слотов']],
  chart: { label: 'Ответ с первого узла', unit: '%', bound: (value) => `наугад: ${value} %` },
  columns: [{ title: 'Что случилось', text: (e) => WORDS[e.kind]?.(e) ?? '' }],
  height: (width) => (width < 560 ? 314 : 326),

  initial: () => ({
    ready: false, nodes: { 1: 'new', 2: 'new', 3: 'new' }, chosen: { key: '', part: '', ours: -1, server: -1, node: 0 }, slot: null,
    moves: [], told: {}, last: { t: -9 }, ok: 0, fail: 0, reject: 0, share: null, failed: -9, refused: -9, dropped: -9,
  }),

  reduce(s, e) {
    const go = (side, kind) => s.moves.push({ node: e.node, side, kind, t: e.t });
    if (s.moves.length > 64) s.moves = s.moves.filter((move) => move.t + HOP > e.t);
    switch (e.kind) {
      case 'node.state': s.nodes[e.node] = e.state; s.ready ||= alive(s) === 3; break;
      case 'key.slot': case 'key.missed': s.chosen = { ...e }; break;
      case 'hop.sent': go(1, e.map ? 'probe' : 'request'); if (e.asking) s.told[e.node] = { word: 'ASKING', t: e.t }; break;
      case 'hop.answered':
        go(-1, e.answer === 'ok' ? (e.map ? 'probe' : 'ok') : /^(moved|ask|try)/.test(e.answer) ? 'reject' : 'fail');
        if (e.answer !== 'ok') [s.told[e.node], s.last] = [{ word: answer(e), t: e.t }, { ...e }];
        break;
      case 'request.done':
        s[e.ok ? 'ok' : e.visits ? 'fail' : 'reject'] += 1;
        s.share = e.share;
        if (!e.ok) s[/: (MOVED|ASK) /.test(e.error) ? 'dropped' : e.visits ? 'failed' : 'refused'] = e.t;
        break;
      case 'slot.moving': s.slot = { ...e, all: e.left, flown: -9 }; break;
      case 'slot.key': if (s.slot) Object.assign(s.slot, { left: e.left, flown: e.t }); break;
      case 'slot.moved': case 'slot.stuck': s.slot = null;
    }
    return s;
  },

  layout(k) {
    const [v, h] = k.vertical ? [true, 88] : [false, 80];
    const box = { y: v ? 200 : 212, w: k.w / 3 - (v ? 8 : 44), h: 76, icon: 'server' };
    k.node({ x: k.w / 2, y: 4 + h / 2, w: k.w - 6, h, icon: 'client', title: 'Клиент' });
    k.counts = k.tally(v ? 132 : 18, v ? 29 : 66, ['ok', 'fail', 'reject'], v ? 54 : 58);
    const [x, y] = v ? [16, 57] : [216, 36];
    const line = k.shape('text', { x, y, class: 'k-title' }, k.over);
    k.key = [0, 1, 2].map((i) => k.shape('tspan', i === 1 ? { 'text-decoration': 'underline' } : { class: 'k-sub k-left' }, line));
    k.sum = k.text(x, y + (v ? 23 : 30), v ? '' : 'k-body');
    const strip = box.y + 50;
    k.place = (slot) => 3 + clamp(slot / FIRST[3]) * (k.w - 6);
    k.boxes = [1, 2, 3].map((number, i) => {
      const at = ((number - 0.5) * k.w) / 3;
      const left = at - box.w / 2 + (v ? 9 : 14);
      const from = k.place(FIRST[i]);
      k.shape('rect', { x: from + 1, y: strip, width: k.place(FIRST[number]) - from - 2, height: 12, rx: 3, class: 'k-cell' });
      k.text(from + 4, strip + 30, 'k-tick')(v ? FIRST[i] : `${FIRST[i]}–${FIRST[number] - 1}`);
      const node = k.node({ ...box, x: at, title: `${v ? '№' : 'Узел'} ${number}` });
      k.link(number, { x: at, y: 4 + h / 2, w: box.w, h }, node);
      const keys = k.cells(left, box.y + 17, 6, { centre: false, size: 12 });
      return { ...node, keys, state: k.text(left, box.y + 9, 'k-tick'), word: v ? null : k.text(at + 34, 152, 'k-body') };
    });
    k.marks = [`M0 ${strip - 3}l9 9-9 9-9-9z`, `M-8 ${strip + 6}a8 8 0 1 0 16 0a8 8 0 1 0-16 0`].map((d, i) =>
      k.shape('path', { d, class: i ? 'p-ok' : 'p-fail' }, k.over));
    k.where = k.shape('text', { y: strip + 49, class: 'k-sub' }, k.over);
  },

  draw(k, s, t) {
    const { slot, chosen: { key, part, ours, server, node } } = s;
    [key.slice(0, key.indexOf(part)), part, key.slice(key.indexOf(part) + part.length)].forEach((text, i) => write(k.key[i], text));
    k.sum(key && `CRC16 mod 16384 = ${ours < 0 ? '?' : ours}`);
    k.counts([s.ok, s.fail, s.reject]);
    k.boxes.forEach((box, i) => {
      const [state, told] = [s.nodes[i + 1], s.told[i + 1]];
      const word = t - told?.t < WORD ? told.word : '';
      const count = slot?.source === i + 1 ? slot.left : slot?.target === i + 1 ? slot.all - slot.left : 0;
      box.tone(state === 'dead' || (s.ready && !alive(s)) ? 'fail' : 'plain');
      box.word?.(word);
      box.state((box.word ? '' : word) || STATE[state] + (count && box.word ? `, ключей слота: ${count}` : ''));
      box.keys(Array.from({ length: Math.min(count, 6) }, () => 'busy'));
    });
    for (const { t: at, node: to, kind, side } of s.moves) if (to && t - at <= HOP) k.packet(to, (t - at) / HOP, kind, side);
    [ours, server].forEach((number, i) => {
      k.set(k.marks[i], 'display', number >= 0 && (ours !== server || i) ? 'inline' : 'none');
      k.set(k.marks[i], 'transform', `translate(${k.place(number).toFixed(1)} 0)`);
    });
    const half = 3.6 * write(k.where, key && `${ours === server ? 'слот' : `клиент ищет в ${ours}, ключ в слоте`} ${server} на узле ${node}`).length;
    k.set(k.where, 'x', clamp(k.place(server), half, k.w - half).toFixed(1));
    const flight = slot ? (t - slot.flown) / FLIGHT : 2;
    if (flight <= 1 && !k.reduced) {
      const [from, to] = [slot.source, slot.target].map((number) => k.boxes[number - 1]);
      k.packets.put('request', lerp(from.x, to.x, ease(flight)), from.y - 56 * Math.sin(Math.PI * flight));
    }
  },

  value: (s) => s.share,
  badge: (s) => [{ open: 'fail', closed: 'ok' }[phase(s)] ?? 'probe', s.ready && !alive(s) ? 'Все молчат' : NAMES[phase(s)]],
  key: (e, run) => /^(key|slot\.(moving|moved|stuck))/.test(e.kind) || died(e)
    || (e.answer && e.answer !== 'ok' && run.events.find((one) => one.answer === e.answer) === e),
  still: (run) => (run.events.find((e) => e.answer === 'ask' || e.answer === 'moved')?.t ?? 0) + 0.12,

  say(s, t) {
    const { slot, last, chosen: { ours, server, node } } = s;
    const now = t - last.t < WORD ? last.answer : '';
    const dead = those(s.nodes, 'dead');
    if (!s.ready) return 'Узлы знакомятся. Пока не ясно, чей каждый слот, о ключах не отвечает никто.';
    if (!alive(s)) return `Узел ${dead} мёртв, его слоты ничьи — и живые на любой запрос отвечают CLUSTERDOWN.`;
    if (t - s.dropped < WORD) return 'Узел назвал верный адрес, а клиент не слушает: отдаёт ответ наверх как ошибку.';
    if (now === 'ask') return `Узел ${last.node}: ASK, ключ уже уехал. Сейчас спросите узел ${last.to}, но карту не трогайте.`;
    if (now === 'moved') return `Узел ${last.node}: MOVED. Слот теперь у узла ${last.to}; клиент поправит карту.`;
    if (now === 'tryagain') return 'TRYAGAIN: часть ключей уехала, часть ещё здесь. На MGET сейчас не ответит никто.';
    if (t - s.refused < WORD) return 'Слоты двух пользователей разные, общего узла у них нет. Клиент отказал, не выходя в сеть.';
    if (dead[0]) return `Узел ${dead} не отвечает. Остальные обслуживают свои слоты, его ключи недоступны.`;
    if (slot) return `Слот ${slot.slot} едет с узла ${slot.source} на узел ${slot.target}: осталось ключей: ${slot.left}.`;
    if (ours !== server) return `Клиент насчитал слот ${ours}, сервер — ${server}. Хеш не тот, запрос уходит куда попало.`;
    return `Слот ${server} у узла ${node}: клиент знает это и идёт прямо туда.`;
  },

  overview(run, n) {
    let s = this.initial();
    const turn = (e, before = phase(s)) => phase(s = this.reduce(s, e)) !== before && phase(s);
    const rest = {
      names: NAMES, measured: 'share', bound: (e) => (e.kind === 'world.ready' ? e.blind : undefined),
      mark: (e) => (died(e) ? { label: `узел ${e.node} убит`, short: 'убит' }
        : /^slot\.mo/.test(e.kind) && { label: /d$/.test(e.kind) ? 'переехал' : 'переезд' }),
      outcome: (e) => e.kind === 'request.done' && (e.ok ? 'ok' : e.visits ? 'fail' : 'reject'),
    };
    const { bands } = overview(run, n, { ...rest, first: 'start', phase: turn, value: () => undefined });
    const line = overview(run, n, { ...rest, first: 'share', phase: () => null, value: (e) => e.share ?? undefined });
    return { ...line, bands, series: line.series.slice(2), high: 100 };
  },
};
