import { bins, clamp, ease, fmt, lerp, plural, spans } from '#kit';

const HOP = 0.3; // seconds a packet travels one way, as in demo.py
const SLOTS = 8; // calls the service shows at once
const QUEUE = 7; // waiting calls drawn before the breaker; the rest is a number
const NAME = { closed: 'Замкнут', open: 'Разомкнут', half_open: 'Полуоткрыт' };
const TONE = { closed: 'ok', open: 'fail', half_open: 'probe' };
const ANGLE = { closed: 0, open: -38, half_open: -16 };
const ERROR = { TimeoutError: 'нет ответа', ServiceError: 'сервис ответил ошибкой' };

const probes = (s) => Object.values(s.calls).filter((call) => call.probe).length;
const waiting = (s, t) => Object.values(s.calls).filter((call) => call.enters === null && call.t + HOP < t - 0.05).length;
const silly = (s, t) => t - s.silly < 2;

export default {
  title: 'Клиент → предохранитель → сервис',
  legend: [['request', 'запрос'], ['ok', 'ответ'], ['fail', 'ошибка'], ['reject', 'отказ без вызова'], ['probe', 'проба']],
  chart: { label: 'Ошибки подряд', bound: (value) => `порог ${value}` },
  columns: [{ title: 'Что случилось', text: describe }],
  height: (width) => (width < 560 ? 342 : 232),

  initial: () => ({
    phase: 'closed', before: null, since: 0, trip: 5, need: 3, pause: 5, failures: 0, successes: 0,
    down: false, ok: 0, fail: 0, saved: 0, waited: 0, silly: -9, calls: {}, moves: [],
  }),

  reduce(s, e) {
    const go = (leg, side, kind, t = e.t) => s.moves.push({ leg, side, kind, t });
    if (s.moves.length > 64) s.moves = s.moves.filter((move) => move.t + HOP > e.t);
    switch (e.kind) {
      case 'world.ready':
        Object.assign(s, { trip: e.failure_threshold, need: e.success_threshold, pause: e.timeout });
        break;
      case 'control.set':
        if (e.name === 'failure_threshold') s.trip = e.value;
        if (e.name === 'success_threshold') s.need = e.value;
        if (e.name === 'timeout') s.pause = e.value;
        break;
      case 'call.sent':
        s.calls[e.id] = { t: e.t, enters: null, probe: false };
        go('in', 1, 'request');
        break;
      case 'call.passed':
        s.calls[e.id] = { t: s.calls[e.id]?.t ?? e.t, enters: e.t + HOP, probe: e.probe };
        go('out', 1, e.probe ? 'probe' : 'request');
        break;
      case 'call.rejected':
        if (s.phase === 'half_open' && !probes(s)) s.silly = e.t; // nobody is probing, and yet refused
        delete s.calls[e.id];
        s.saved += 1;
        go('in', -1, 'reject');
        break;
      case 'call.ok':
      case 'call.failed': {
        const kind = e.kind === 'call.ok' ? 'ok' : 'fail';
        delete s.calls[e.id];
        s[kind] += 1;
        go('out', -1, kind);
        go('in', -1, kind, e.t + HOP);
        break;
      }
      case 'call.done': s.waited = lerp(s.waited, e.waited, 0.4); break;
      case 'breaker.count': Object.assign(s, { failures: e.failures, successes: e.successes }); break;
      case 'breaker.state': Object.assign(s, { before: e.before, phase: e.after, since: e.t, successes: 0, failures: e.after === 'closed' ? 0 : s.failures }); break;
      case 'service.down': s.down = e.down; break;
    }
    return s;
  },

  layout(k) {
    const v = k.vertical;
    const [cx, r, note] = v ? [94, 54, 'right'] : [k.w / 2, 64, 'below'];
    const box = { w: v ? 172 : 178, h: v ? 62 : 92, note };
    k.client = k.node({ ...box, x: v ? cx : 96, y: v ? 34 : 84, icon: 'client', title: 'Клиенты' });
    k.service = k.node({ ...box, x: v ? cx : k.w - 98, y: v ? 304 : 84, icon: 'server', title: 'Сервис' });
    k.hub = { x: cx, y: v ? 169 : 84, r };
    k.link('in', k.client, k.hub);
    k.link('out', k.hub, k.service);
    k.shape('circle', { class: 'k-shadow', cx: cx + 4, cy: k.hub.y + 4, r: r + 5 });
    k.shape('circle', { class: 'k-hub', cx, cy: k.hub.y, r: r + 5 });
    k.ring = k.gauge(cx, k.hub.y, r - 3);
    const arm = r - 36;
    const group = k.shape('g', { class: 'k-switch', transform: `translate(${cx} ${k.hub.y - 14})` }, k.over);
    k.shape('path', { class: 'k-wire', d: `M${14 - r} 0h${arm}M22 0h${arm}` }, group);
    k.lever = k.shape('line', { x1: -22, x2: 22 }, group);
    for (const x of [-22, 22]) k.shape('circle', { cx: x, r: 5 }, group);
    k.big = k.text(cx, k.hub.y + 17, 'k-big');
    k.small = k.text(cx, k.hub.y + 34, 'k-tick k-mid');
    k.row = v ? k.cells(188, k.hub.y - 19, 10, { centre: false, per: 5 }) : k.cells(cx, k.hub.y + r + 22, 10);
    k.rowText = v ? k.text(188, k.hub.y + 32, 'k-sub k-left') : k.text(cx, k.hub.y + r + 58);
    k.slots = k.cells(k.service.x - box.w / 2 + (v ? 88 : 16), k.service.y + (v ? -8 : 14), SLOTS, { centre: false, per: v ? 4 : 8, size: v ? 12 : 14 });
  },

  draw(k, s, t) {
    const { x, y, r } = k.hub;
    const tone = TONE[s.phase] ?? 'fail';
    const age = t - s.since;
    const left = Math.max(0, s.pause - age);
    const turn = k.reduced ? 1 : ease(clamp(age / 0.25));
    k.set(k.lever, 'class', `k-lever tone-${tone}`);
    k.set(k.lever, 'transform', `rotate(${lerp(ANGLE[s.before] ?? 0, ANGLE[s.phase] ?? 0, turn).toFixed(1)} -22 0)`);
    const queue = waiting(s, t);
    const crowd = s.phase === 'half_open' ? probes(s) : 0;
    const dial = {
      closed: [s.failures / s.trip, s.failures ? 'fail' : 'ok', `${s.failures} из ${s.trip}`, 'ошибок подряд'],
      open: [left / s.pause, 'fail', `${fmt(left)} с`, left ? 'до пробы' : 'ждём вызова'],
      half_open: [s.successes / s.need, 'probe', `${s.successes} из ${s.need}`, 'удачных проб'],
    }[s.phase] ?? [0, 'fail', '?', s.phase];
    k.ring(dial[0], dial[1]);
    k.big(dial[2]);
    k.small(dial[3]);
    const [all, done, kind] = s.phase === 'half_open' ? [s.need, s.successes, 'ok'] : [s.trip, s.phase === 'open' ? s.trip : s.failures, 'fail'];
    k.row(Array.from({ length: Math.min(all, 10) }, (_, i) => (i < done ? kind : 'none')));
    k.rowText(queue > 1 ? `у замка ждут: ${queue}` : crowd > 1 ? `проб сразу: ${crowd}` : `сбережено: ${s.saved}`);
    k.client.body(`✓ ${s.ok}  ✕ ${s.fail}  ■ ${s.saved}`);
    k.client.note(s.waited < 0.05 && s.saved ? 'отказ сразу' : `ждут ${fmt(s.waited)} с`);
    const busy = Object.values(s.calls).filter((call) => call.enters !== null && call.enters <= t);
    k.slots(Array.from({ length: SLOTS }, (_, i) => (busy[i] ? (busy[i].probe ? 'probe' : 'busy') : 'none')));
    k.service.tone(s.down ? 'fail' : 'plain');
    k.service.note(s.down ? 'не отвечает' : busy.length ? `в работе ${busy.length}` : 'свободен');
    for (let i = 0; i < Math.min(queue, QUEUE); i++) k.packet('in', 0.9 - i * 0.13, 'request', 1);
    let hit = 9;
    for (const { leg, side, kind: what, t: from } of s.moves) {
      const part = (t - from) / HOP;
      if (part >= 0 && part <= 1) k.packet(leg, part, what, side);
      if (what === 'reject' && part >= 0) hit = Math.min(hit, t - from);
    }
    k.pulse('hit', x, y, r + 3, r + 15, hit / 0.35, silly(s, t) ? 'fail' : 'warn');
    k.pulse('turn', x, y, r, r + 36, s.before ? age / 0.6 : 2, tone);
  },

  value: (s) => (s.phase === 'closed' ? s.failures : null),
  badge: (s) => [TONE[s.phase] ?? 'fail', NAME[s.phase] ?? s.phase],
  key: (e, run) => e.kind === 'breaker.state' || e.kind === 'service.down' || (e.kind === 'call.rejected' && run.isFirst(e)),
  still: (run) => (run.events.find((e) => e.kind === 'call.rejected')?.t ?? 0) + 1.15,

  say(s, t) {
    const queue = waiting(s, t);
    if (queue > 3) return 'Перед предохранителем очередь: один вызов держит замок, остальные стоят и ждут.';
    if (s.phase === 'half_open') {
      if (silly(s, t)) return 'Нелепый отказ: пауза вышла, пробовать некому, а вызову отказали — его же собственной пробе.';
      if (probes(s) > 1) return 'В полуоткрытую цепь хлынула толпа: едва живой сервис получает все вызовы разом.';
      return `Пускаем по одному пробному вызову. Удач нужно: ${s.need} — и цепь замкнётся.`;
    }
    if (s.phase === 'open') {
      return s.pause > t - s.since ? 'Цепь разомкнута: клиент получает отказ сразу, сервис отдыхает.' : 'Пауза вышла: следующий вызов станет пробой.';
    }
    if (s.down) return s.failures ? `Сервис молчит, ошибки копятся: ${s.failures} из ${s.trip}. Дойдут до порога — цепь разомкнётся.` : 'Сервис замолчал. Вызовы уходят к нему и пока ничего не знают.';
    if (s.failures) return `Ошибок подряд: ${s.failures}. Одна удача — и счёт начнётся заново.`;
    return s.before === 'half_open' ? 'Пробы удались: цепь снова замкнута, вызовы идут к сервису.' : 'Цепь замкнута: каждый вызов доходит до сервиса.';
  },

  overview(run, n) {
    const states = spans('closed');
    const series = [[0, 0]];
    const bound = [];
    const marks = [];
    let [phase, failures, high] = ['closed', 0, 1];
    const measure = (t, value) => phase === 'closed' && series.push([t, failures], [t, failures = value]) && (high = Math.max(high, value));
    for (const e of run.events) {
      if (e.kind === 'world.ready' || (e.kind === 'control.set' && e.name === 'failure_threshold')) bound.push([e.t, e.failure_threshold ?? e.value]);
      if (e.kind === 'breaker.count') measure(e.t, e.failures);
      if (e.kind === 'service.down') marks.push({ t: e.t, label: e.down ? 'сервис упал' : 'сервис ожил' });
      if (e.kind === 'breaker.state') {
        states.enter(e.after, e.t);
        if (phase === 'closed') series.push([e.t, failures], [e.t, null]);
        phase = e.after;
        failures = 0;
        if (phase === 'closed') series.push([e.t, 0]);
      }
    }
    if (phase === 'closed') series.push([run.end, failures]);
    const bars = bins(run.events, run.end || 1, n, ['fail', 'reject', 'ok'], (e) => ({ 'call.failed': 'fail', 'call.rejected': 'reject', 'call.ok': 'ok' })[e.kind]);
    const bands = states.close(run.end).map((band) => ({ ...band, label: (NAME[band.kind] ?? band.kind).toLowerCase() }));
    return { series, bound, bands, bars, marks, high: Math.max(high, ...bound.map(([, value]) => value)) };
  },
};

/** An event in words, for the log. */
function describe(e) {
  const call = `Вызов ${e.id}`;
  switch (e.kind) {
    case 'world.ready': return `Порог — ${plural(e.failure_threshold, 'ошибка', 'ошибки', 'ошибок')} подряд, пауза ${e.timeout} с`;
    case 'call.sent': return `${call}: клиент обратился`;
    case 'call.passed': return `${call}: ${e.probe ? 'пропущен как проба' : 'пропущен к сервису'}`;
    case 'call.rejected': return `${call}: отказ, ждать ещё ${fmt(e.retry_in)} с`;
    case 'call.ok': return `${call}: ответ за ${e.ms} мс`;
    case 'call.failed': return `${call}: ${ERROR[e.error] ?? e.error}, ${e.ms} мс`;
    case 'call.done': return `${call}: клиент ${e.ok ? 'получил ответ' : 'получил ошибку'}, ждал ${fmt(e.waited, 2)} с`;
    case 'breaker.state': return `Предохранитель: ${(NAME[e.before] ?? e.before).toLowerCase()} → ${(NAME[e.after] ?? e.after).toLowerCase()}`;
    case 'breaker.count': return `Ошибок подряд ${e.failures}, удачных проб ${e.successes}, в работе ${e.in_flight}`;
    case 'service.down': return e.down ? 'Сервис упал' : 'Сервис ожил';
    default: return '';
  }
}
