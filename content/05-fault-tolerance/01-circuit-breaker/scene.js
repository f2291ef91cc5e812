import { clamp, ease, fmt, lerp, overview } from '#kit';

const HOP = 0.3; // seconds a packet travels one way, as in demo.py
const [SLOTS, QUEUE] = [8, 7]; // calls drawn inside the service, and waiting before the breaker; the rest is a number
const NAME = { closed: 'Замкнут', open: 'Разомкнут', half_open: 'Полуоткрыт' };
const TONE = { closed: 'ok', open: 'fail', half_open: 'probe' };
const ANGLE = { closed: 0, open: -38, half_open: -16 };
const OUTCOME = { 'call.failed': 'fail', 'call.rejected': 'reject', 'call.ok': 'ok' };
const WORDS = {
  'call.sent': (e) => `Вызов ${e.id}: клиент обратился`,
  'call.passed': (e) => `Вызов ${e.id}: пропущен ${e.probe ? 'как проба' : 'к сервису'}`,
  'call.rejected': (e) => `Вызов ${e.id}: отказ, ждать ещё ${fmt(e.retry_in)} с`,
  'call.ok': (e) => `Вызов ${e.id}: ответ за ${e.ms} мс`,
  'call.failed': (e) => `Вызов ${e.id}: ${e.error}, ${e.ms} мс`,
  'call.done': (e) => `Вызов ${e.id}: клиент получил ${e.ok ? 'ответ' : 'ошибку'}, ждал ${fmt(e.waited, 2)} с`,
  'breaker.state': (e) => `Предохранитель: ${NAME[e.before]} → ${NAME[e.after]}`.toLowerCase(),
  'breaker.count': (e) => `Ошибок подряд ${e.failures}, удачных проб ${e.successes}, в работе ${e.in_flight}`,
  'service.down': (e) => (e.down ? 'Сервис упал' : 'Сервис ожил'),
};

const probes = (s) => Object.values(s.calls).filter((call) => call.probe).length;
/** Calls that stand before the breaker: someone holds a lock. */
const waiting = (s, t) => Object.values(s.calls).filter((call) => call.enters === null && call.t + HOP < t - 0.05).length;

export default {
  legend: [['request', 'запрос'], ['ok', 'ответ'], ['fail', 'ошибка'], ['reject', 'отказ без вызова'], ['probe', 'проба']],
  chart: { label: 'Ошибки подряд', bound: (value) => `порог ${value}` },
  columns: [{ title: 'Что случилось', text: (e) => WORDS[e.kind]?.(e) ?? '' }],
  height: (width) => (width < 560 ? 308 : 214),

  initial: () => ({
    phase: 'closed', before: null, since: 0, trip: 5, need: 3, pause: 5, failures: 0, successes: 0, down: false,
    ok: 0, fail: 0, saved: 0, waited: 0, silly: -9, calls: {}, moves: [],
  }),

  reduce(s, e) {
    const go = (leg, side, kind, t = e.t) => s.moves.push({ leg, side, kind, t });
    const setting = { failure_threshold: 'trip', success_threshold: 'need', timeout: 'pause' };
    if (s.moves.length > 64) s.moves = s.moves.filter((move) => move.t + HOP > e.t);
    switch (e.kind) {
      case 'world.ready': for (const name in setting) s[setting[name]] = e[name]; break;
      case 'control.set': if (setting[e.name]) s[setting[e.name]] = e.value; break;
      case 'service.down': s.down = e.down; break;
      case 'breaker.count': Object.assign(s, { failures: e.failures, successes: e.successes }); break;
      case 'breaker.state':
        if (e.after === 'closed') s.failures = 0;
        Object.assign(s, { before: e.before, phase: e.after, since: e.t, successes: 0 });
        break;
      case 'call.sent': case 'call.passed':
        s.calls[e.id] = { t: e.t, enters: e.probe === undefined ? null : e.t + HOP, probe: Boolean(e.probe) };
        go(e.kind === 'call.sent' ? 'in' : 'out', 1, e.probe ? 'probe' : 'request');
        break;
      case 'call.rejected':
        if (s.phase === 'half_open' && !probes(s)) s.silly = e.t; // nobody is probing, and yet refused
        go('in', -1, 'reject');
        s.saved += 1;
        delete s.calls[e.id];
        break;
      case 'call.ok': case 'call.failed':
        delete s.calls[e.id];
        s[OUTCOME[e.kind]] += 1;
        for (const [leg, t] of [['out', e.t], ['in', e.t + HOP]]) go(leg, -1, OUTCOME[e.kind], t);
        break;
      case 'call.done': s.waited = lerp(s.waited, e.waited, 0.4); break;
    }
    return s;
  },

  layout(k) {
    const v = k.vertical;
    const [x, y, r] = v ? [92, 152, 48] : [k.w / 2, 84, 64];
    const box = v ? { w: 176, h: 60, note: 'right' } : { w: 182, h: 92, note: 'below' };
    k.client = k.node({ ...box, x: v ? x : 94, y: v ? 32 : y, icon: 'client', title: 'Клиенты' });
    k.service = k.node({ ...box, x: v ? x : k.w - 98, y: v ? 270 : y, icon: 'server', title: 'Сервис' });
    k.hub = k.disc({ x, y, r });
    k.link('in', k.client, k.hub);
    k.link('out', k.hub, k.service);
    k.counts = k.tally(k.client.x - box.w / 2 + 12, k.client.y + (v ? 20 : 30), ['ok', 'fail', 'reject'], 56);
    k.slots = k.cells(k.service.x - box.w / 2 + 16, k.service.y + (v ? 7 : 14), SLOTS, { centre: false });
    k.lever = k.lever(x, y - 14, r - 14);
    k.big = k.text(x, y + (v ? 22 : 17), 'k-big');
    k.small = v ? k.text(176, y - 32, 'k-sub k-left') : k.text(x, y + 34, 'k-tick k-mid');
    k.row = v ? k.cells(176, y - 20, 10, { centre: false, per: 5 }) : k.cells(x, y + r + 22, 10);
    k.below = v ? k.text(176, y + 30, 'k-sub k-left') : k.text(x, y + r + 58);
  },

  draw(k, s, t) {
    const { x, y, r } = k.hub;
    const [tone, age] = [TONE[s.phase] ?? 'fail', t - s.since];
    const left = Math.max(0, s.pause - age);
    k.lever(lerp(ANGLE[s.before] ?? 0, ANGLE[s.phase] ?? 0, k.reduced ? 1 : ease(clamp(age / 0.25))), tone);
    const [part, colour, big, small, cells, filled, kind] = {
      closed: [s.failures / s.trip, 'fail', `${s.failures} из ${s.trip}`, 'подряд', s.trip, s.failures, 'fail'],
      open: [left / s.pause, 'fail', `${fmt(left)} с`, left ? 'до пробы' : 'ждём вызова', s.trip, s.trip, 'fail'],
      half_open: [s.successes / s.need, 'probe', `${s.successes} из ${s.need}`, 'удачных проб', s.need, s.successes, 'ok'],
    }[s.phase] ?? [1, 'fail', '?', s.phase, 0, 0, 'fail'];
    k.hub.ring(part, colour);
    k.big(big);
    k.small(k.vertical && s.phase === 'closed' ? 'ошибок подряд' : small);
    k.row(Array.from({ length: Math.min(cells, 10) }, (_, i) => (i < filled ? kind : 'none')));
    const [queue, crowd] = [waiting(s, t), s.phase === 'half_open' ? probes(s) : 0];
    const many = queue > 1 ? `у замка ждут: ${queue}` : crowd > 1 && `проб сразу: ${crowd}`;
    k.below(many || `сбережено${k.vertical ? '' : ' вызовов'}: ${s.saved}`);
    k.counts([s.ok, s.fail, s.saved]);
    k.client.note(s.waited < 0.05 && s.saved ? 'отказ сразу' : `ждут ${fmt(s.waited)} с`);
    const busy = Object.values(s.calls).filter((call) => call.enters !== null && call.enters <= t);
    k.slots(Array.from({ length: SLOTS }, (_, i) => (busy[i] ? (busy[i].probe ? 'probe' : 'busy') : 'none')));
    k.service.tone(s.down ? 'fail' : 'plain');
    k.service.note(s.down ? 'не отвечает' : busy.length ? `в работе ${busy.length}` : 'свободен');
    for (let i = 0; i < Math.min(queue, QUEUE); i++) k.packet('in', 0.9 - i * 0.13, 'request');
    let hit = 9;
    for (const move of s.moves) {
      const way = (t - move.t) / HOP;
      if (way >= 0 && way <= 1) k.packet(move.leg, way, move.kind, move.side);
      if (move.kind === 'reject' && way >= 0) hit = Math.min(hit, t - move.t);
    }
    k.pulse('hit', x, y, r + 3, r + 15, hit / 0.35, t - s.silly < 2 ? 'fail' : 'warn');
    k.pulse('turn', x, y, r, r + 36, s.before ? age / 0.6 : 2, tone);
  },

  value: (s) => (s.phase === 'closed' ? s.failures : null),
  badge: (s) => [TONE[s.phase] ?? 'fail', NAME[s.phase] ?? s.phase],
  key: (e, run) => e.kind === 'breaker.state' || e.kind === 'service.down' || (e.kind === 'call.rejected' && run.isFirst(e)),
  still: (run) => (run.events.find((e) => e.kind === 'call.rejected')?.t ?? 0) + 1.15,

  say(s, t) {
    if (waiting(s, t) > 3) return 'Перед предохранителем очередь: один вызов держит замок, остальные стоят и ждут.';
    if (s.phase === 'half_open') {
      if (probes(s) > 2) return 'В полуоткрытую цепь хлынула толпа: едва живой сервис получает все вызовы разом.';
      if (t - s.silly < 2) return 'Нелепый отказ: пауза вышла, цепь полуоткрыта — и тут же отказано самой пробе.';
      return `Пускаем по одному пробному вызову. Удач нужно: ${s.need} — и цепь замкнётся.`;
    }
    if (s.phase === 'open' && s.pause <= t - s.since) return 'Пауза вышла: следующий вызов станет пробой.';
    if (s.phase === 'open') return 'Цепь разомкнута: клиент получает отказ сразу, сервис отдыхает.';
    if (s.down && s.failures) return `Сервис молчит, ошибок подряд: ${s.failures} из ${s.trip}. Дойдут до порога — цепь разомкнётся.`;
    if (s.down) return 'Сервис замолчал. Вызовы уходят к нему и пока ничего не знают.';
    if (s.failures) return `Ошибок подряд: ${s.failures}. Одна удача — и счёт начнётся заново.`;
    return s.before ? 'Пробы удались: цепь снова замкнута, вызовы идут к сервису.' : 'Цепь замкнута: каждый вызов доходит до сервиса.';
  },

  overview: (run, n) => overview(run, n, {
    first: 'closed', names: NAME, measured: 'closed',
    phase: (e) => (e.kind === 'breaker.state' ? e.after : null),
    value: (e) => (e.kind === 'breaker.count' ? e.failures : undefined),
    bound: (e) => e.failure_threshold ?? (e.kind === 'control.set' && e.name === 'failure_threshold' ? e.value : undefined),
    mark: (e) => e.kind === 'service.down' && { label: `сервис ${e.down ? 'упал' : 'ожил'}`, short: e.down ? 'упал' : 'ожил' },
    outcome: (e) => OUTCOME[e.kind],
  }),
};
