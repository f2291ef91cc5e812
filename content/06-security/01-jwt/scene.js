import { clamp, fmt, linear, overview } from '#kit';

const [HOP, SPAN, AHEAD] = [0.3, 50, 4]; // seconds: a message travels, are in sight, of them after now
const ROLE = { editor: 'редактор', reader: 'читатель', admin: 'админ' };
const ERROR = { InvalidToken: 'не принят', TokenExpired: 'истёк', TokenRevoked: 'отозван', TokenReused: 'уже обменян', broken: 'код упал' };
const FORGED = { confused: 'refresh вместо access', tampered: 'подменённая роль', unsigned: 'без подписи' };
const WAY = { login: 'вход по паролю', refresh: 'обмен refresh', access: 'access', logout: 'выход на всех устройствах', ...FORGED };
const [WHO, LANE] = [{ anya: 'Аня', thief: 'Вор' }, { anya: 0, thief: 2 }];
const [role, minutes] = [(word) => ROLE[word] ?? word, (value) => `${fmt(value)}\u00a0мин`];
const WORDS = {
  'request.done': (e) => `${WHO[e.who]}: ${WAY[e.way]} — ${e.ok ? 'да' : ERROR[e.error]} ${role(e.role)}`,
  'token.issued': (e) => `${WHO[e.who]}: выдан ${e.typ} № ${e.token}, семейство ${e.family}`,
  'token.stolen': (e) => `Вор скопировал токены № ${e.access} и № ${e.refresh}`,
  'family.closed': (e) => `Семейство ${e.family} закрыто: ${e.why === 'reuse' ? 'повтор' : WAY.logout}`,
  'thief.out': (e) => `Вор снаружи, был внутри ${minutes(e.minutes)}, предел — ${fmt(e.bound, 0)}`,
  'manager.broke': (e) => `Сломался сам код: ${e.error}`,
};
const TELL = { // what an answer of the server means, by who asked, how and in vain or not
  'anya refresh': (e, s) => (s.twice === e.t ? 'Один refresh-токен обменяли дважды, и оба раза удачно.'
    : s.role === e.role ? 'Аня обменяла refresh-токен, старый погас.' : `Роль потерялась: была «${role(s.role)}», стала «${role(e.role)}».`),
  'anya refresh TokenReused': () => 'Анин токен пришёл вторым. Сервер не гадает, кто из двоих вор: закрыты оба.',
  'anya refresh TokenRevoked': () => 'Анино семейство закрыто, нужен пароль.',
  'anya logout': () => 'Аня вышла везде: менять больше нечего, но выданные access доживут своё.',
  'thief refresh': () => 'Вор обменял refresh-токен, новая пара у него.',
  'thief refresh TokenReused': () => 'Этот refresh-токен уже обменяли: он у двоих. Семейство закрыто.',
  'thief confused': () => 'Сервер принял refresh за access. Вор внутри на неделю.',
  'thief confused InvalidToken': () => 'Вор показал refresh вместо access. Тип не тот — отказ.',
  'thief tampered InvalidToken': () => 'Вор вписал себе роль админа. Подпись не сошлась — отказ.',
  'thief unsigned': () => 'Вор написал «alg: none», снял подпись — и стал админом.',
  'thief unsigned InvalidToken': () => 'Вор написал «alg: none». Алгоритм выбирает сервер — отказ.',
};
const bar = (x0, x1, y) => (x1 > x0 ? `M${at(x0)} ${y + 4}H${at(x1)}v16H${at(x0)}z` : '');
const diamond = (x, y, r) => `M${at(x)} ${y - r}l${r} ${r} ${-r} ${r} ${-r} ${-r}z`;
const square = (x, y, r) => `M${at(x - r)} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`;
const dot = (x, y, r) => `M${at(x - r)} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
const cross = (x, y, r) => `M${at(x - r)} ${y - r}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}`;
const [at, near] = [(x) => x.toFixed(1), (list, t) => list.filter((one) => (one.end ?? one.until ?? one.t ?? t) > t - SPAN)];

export default {
  legend: [['request', 'запрос'], ['ok', 'впустили Аню'], ['fail', 'впустили вора'], ['reject', 'отказ']],
  chart: { label: 'Вор внутри, мин', bound: (value) => `предел ${value}` },
  columns: [{ title: 'Что случилось', text: (e) => WORDS[e.kind]?.(e).trim() ?? '' }],
  height: () => 316, value: (s) => s.minutes,
  badge: (s) => (s.minutes === null ? ['ok', 'Вор снаружи'] : ['fail', 'Вор внутри']),
  key: (e) => /stolen|closed|out$|broke/.test(e.kind) || (e.way in FORGED && e.kind === 'request.done'),
  still: (run) => (run.events.find((e) => e.kind === 'family.closed')?.t ?? 1) + 0.35,
  initial: () => ({ bound: 0, minutes: null, role: '', mask: '', told: { t: -9 }, anya: [], thief: [], chain: [], checks: [], moves: [] }),
  reduce(s, e) {
    const tell = (text) => { s.told = text ? { t: e.t, text } : s.told; };
    const go = (side, kind) => { s.moves = [...s.moves.filter((move) => move.t + HOP >= e.t), { who: e.who, side, kind, t: e.t }]; };
    const end = (mark, ours = (one) => one.family === e.family) => {
      for (const one of s.chain) if (ours(one) && one.end === undefined) Object.assign(one, { end: e.t, mark });
    };
    if (e.kind === 'world.ready') end(true, () => true), s.bound = e.bound; else if (e.kind === 'family.closed') end(true);
    if (e.kind === 'request.sent') go(1, 'request');
    if (e.kind === 'token.issued' && e.typ === 'access') s[e.who] = [...near(s[e.who], e.t), { from: e.t, until: e.until }];
    if (e.kind === 'token.issued' && e.typ === 'refresh') {
      const kin = s.chain.filter((one) => one.family === e.family);
      s.twice = kin.at(-1)?.from === e.t ? e.t : s.twice; // two heirs of one token
      end(false);
      s.chain = [...near(s.chain, e.t), { family: e.family, from: e.t, who: e.who, first: !kin.length }];
    }
    if (e.kind === 'token.stolen') {
      Object.assign(s, { thief: [...near(s.thief, e.t), { from: e.t, until: s.anya.at(-1)?.until ?? e.t }], minutes: s.minutes ?? 0 });
      tell('Вор скопировал оба токена. Сервер не отличит его от Ани.');
    }
    if (e.kind === 'request.done') {
      go(-1, e.ok ? (e.who === 'thief' ? 'fail' : 'ok') : 'reject');
      s.checks = [...near(s.checks, e.t), { t: e.t, who: e.who, ok: e.ok, forged: e.way in FORGED }];
      tell(TELL[`${e.who} ${e.way} ${e.error}`.trim()]?.(e, s));
      if (e.way === 'confused' && e.ok) s.thief = [...s.thief, { from: e.t, until: e.t + 999 }];
      if (e.role) s[e.who === 'thief' ? 'mask' : 'role'] = e.role;
    }
    if (/^thief/.test(e.kind)) Object.assign(s, e.kind === 'thief.inside' ? { minutes: e.minutes } : { minutes: null, mask: '' });
    if (e.kind === 'thief.out' || e.kind === 'manager.broke') tell(`${WORDS[e.kind](e)}.`);
    return s;
  },
  layout(k) {
    const [w, box] = [k.vertical ? 104 : 168, { h: 66, y: 38, icon: 'client' }];
    k.anya = k.node({ ...box, w, x: w / 2 + 2, title: WHO.anya });
    k.thief = k.node({ ...box, w, x: k.w - w / 2 - 6, title: WHO.thief });
    k.hub = k.disc({ x: k.w / 2, y: 46, r: 36 });
    for (const who in WHO) k.link(who, k[who], k.hub);
    [k.big, k.caption] = [k.text(k.w / 2, 51, 'k-body k-mid'), k.text(k.w / 2, 108, 'k-tick k-mid')];
    k.lanes = ['Access-токены Ани', 'Последний refresh семейства', 'Access-токены вора'].map((word, i) => {
      k.text(2, 144 + i * 52, 'k-tick')(word);
      k.shape('rect', { x: 0, y: 150 + i * 52, width: k.w, height: 24, rx: 4, fill: 'var(--sunk)' }, k.under);
      return 150 + i * 52;
    });
    const [ok, fail] = ['var(--ok)', 'var(--fail)'];
    const path = (fill, opacity = 1, stroke = 'none') => k.shape('path', { fill, 'fill-opacity': opacity, stroke, 'stroke-width': 2 });
    k.paths = {
      anya: path(ok, 0.4), chain: path('var(--blue)', 0.5), robbed: path(fail, 0.6), thief: path(fail, 0.4),
      good: path(ok), bad: path(fail), no: path('var(--card)', 1, 'var(--ink)'), shut: path('none', 1, fail),
    };
    k.now = k.shape('line', { y1: 146, y2: 282, stroke: 'var(--ink)', 'stroke-width': 1.5 });
    const label = (kind, group = k.shape('g', {}, k.over), say = k.text(0, 0, kind, group)) => (x, y, word) => {
      k.set(group, 'transform', `translate(${at(x)} ${y})`);
      say(word);
    };
    [k.names, k.ticks] = [[1, 2, 3, 4, 5].map(() => label('k-tick')), [0, 1, 2, 3, 4, 5].map(() => label('k-tick k-mid'))];
  },
  draw(k, s, t) {
    const from = Math.max(0, t + AHEAD - SPAN);
    const x = linear(from, from + SPAN, 4, k.w - 4);
    const [cut, d, inside] = [(one) => clamp(x(one), 0, k.w), {}, s.minutes !== null];
    const put = (part, more) => { d[part] = (d[part] ?? '') + more; };
    for (const who in WHO) for (const one of s[who]) put(who, bar(cut(one.from), cut(one.until) - 1, k.lanes[LANE[who]]));
    for (const one of s.chain) {
      put(one.who === 'thief' ? 'robbed' : 'chain', bar(cut(one.from), cut(one.end ?? t) - 1.5, k.lanes[1]));
      if (one.mark && one.end > from) put('shut', cross(x(one.end), k.lanes[1] + 12, 7));
    }
    for (const { t: when, who, ok, forged } of near(s.checks, from + SPAN)) {
      const [part, mark, r] = ok ? { anya: ['good', dot, 3], thief: ['bad', diamond, 5] }[who] : ['no', square, 4];
      put(part, mark(x(when), k.lanes[LANE[who]] + 12, forged ? r * 1.5 : r));
    }
    for (const part in k.paths) k.set(k.paths[part], 'd', d[part] ?? '');
    for (const end of ['x1', 'x2']) k.set(k.now, end, at(x(t)));
    const heads = s.chain.filter((one) => one.first && one.from >= from).slice(-k.names.length);
    k.names.forEach((put, i) => put(x(heads[i]?.from ?? from) + 5, k.lanes[1] + 17, String(heads[i]?.family ?? '')));
    k.ticks.forEach((put, i) => {
      const when = (Math.floor(from / 10) + 1 + i) * 10;
      put(cut(when), 300, when < from + SPAN - 1 ? `${when}\u00a0мин` : '');
    });
    k.hub.ring(inside && s.bound ? s.minutes / s.bound : 0, 'fail');
    k.big(inside ? fmt(s.minutes) : 'сервер');
    k.caption(inside ? `минут внутри${k.vertical ? '' : `, предел ${fmt(s.bound, 0)}`}` : '');
    k.anya.note(s.role && `${k.vertical ? '' : 'роль: '}${role(s.role)}`);
    k.thief.note(inside ? (s.mask ? `как ${role(s.mask)}` : 'с добычей') : 'снаружи');
    k.thief.tone(inside ? 'fail' : 'plain');
    for (const { who, t: sent, kind, side } of s.moves) if (t >= sent && t <= sent + HOP) k.packet(who, (t - sent) / HOP, kind, side);
  },
  say(s, t) {
    if (t - s.told.t < 3) return s.told.text;
    if (s.minutes > s.bound) return `Вор внутри уже ${minutes(s.minutes)} при пределе ${fmt(s.bound, 0)}. Сам он не уйдёт.`;
    if (s.minutes !== null) return `Вор внутри ${minutes(s.minutes)}: access у него настоящий и не истёк.`;
    return s.role ? 'Аня работает: access проверяют без похода в хранилище.' : 'Аня ещё не вошла.';
  },
  overview(run, n) {
    let inside = 'closed'; // a second theft while he is in changes nothing
    const turn = (to) => (inside === to ? null : (inside = to));
    return overview(run, n, {
      first: 'closed', names: { closed: 'Вор снаружи', open: 'Вор внутри' }, measured: 'open',
      phase: (e) => (e.kind === 'token.stolen' ? turn('open') : e.kind === 'thief.out' ? turn('closed') : null),
      value: (e) => (e.kind === 'thief.inside' ? e.minutes : undefined), bound: (e) => (e.kind === 'world.ready' ? e.bound : undefined),
      mark: (e) => e.kind === 'family.closed' && { label: `семейство ${e.family} закрыто`, short: `${e.family} закрыто` },
      outcome: (e) => e.kind === 'request.done' && (e.ok ? (e.who === 'thief' ? 'fail' : 'ok') : 'reject'),
    });
  },
};
