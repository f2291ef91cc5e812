/**
 * The hidden cases of one judging, drawn as they arrive. Fed by the events of the judge's log, or by a
 * finished verdict; both end in the same picture. Knows nothing of the network.
 */
import { h, plural } from './reader.js';

const SHAPES = { passed: 'пройдена', failed: 'не\u00a0пройдена', running: 'идёт', skipped: 'не\u00a0выполнялась', waiting: 'ждёт' };

/** Any value as code: strings as they came (the judge already writes reprs), the rest as JSON. */
const shown = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

export class Cases {
  /** `place` is emptied and drawn into. */
  constructor(place, titles = []) {
    this.list = h('ol', { class: 'cases' });
    this.bar = h('div', { class: 'progress', 'aria-hidden': 'true' });
    this.head = h('h3', {}, 'Отправляем…');
    this.count = h('span', { class: 'mute small num' });
    // Only the heading is read out: thirty cases one after another would drown everything else.
    this.box = h('div', { class: 'verdict-head' }, h('div', { role: 'status' }, this.head), this.count, this.bar);
    place.replaceChildren(this.box, this.list);
    this.cases = [];
    this.expect(titles);
  }

  expect(titles) {
    this.cases = titles.map((title, index) => {
      const row = h('li', { class: 'case' }, this.word('waiting'), h('span', { class: 'title' }, title));
      const cell = h('i', { style: `--n:${index}` });
      return { n: index + 1, title, state: 'waiting', row, cell };
    });
    this.list.replaceChildren(...this.cases.map((one) => one.row));
    this.bar.replaceChildren(...this.cases.map((one) => one.cell));
  }

  word(state) {
    return h('span', { class: 'vh' }, `${SHAPES[state]}: `);
  }

  /** One event of the judge's log. */
  hear(event) {
    if (event.kind === 'judge.started') this.expect(event.cases);
    else if (event.kind === 'case.started') this.put({ ...event, state: 'running' });
    else if (event.kind === 'case.passed') this.put({ ...event, state: 'passed' });
    else if (event.kind === 'case.failed') this.put({ ...event, state: 'failed' });
    if (event.kind.startsWith('case.') || event.kind === 'judge.started') this.tally();
  }

  put(result) {
    const one = this.cases[result.n - 1];
    if (!one) return;
    Object.assign(one, { state: result.state, result });
    one.row.className = `case ${result.state}`;
    one.cell.className = result.state;
    const title = [this.word(result.state), result.title ?? one.title];
    if (result.state === 'failed') {
      // One cause often fails many cases: the first is open, the others wait to be asked.
      const first = this.cases.find((other) => other.state === 'failed') === one;
      const open = one.row.querySelector('details')?.open ?? first;
      one.row.replaceChildren(h('details', { open }, h('summary', {}, h('span', { class: 'title' }, title)), this.why(result)));
      return;
    }
    one.row.replaceChildren(h('span', { class: 'title' }, title),
      result.ms != null ? h('span', { class: 'ms' }, `${Math.round(result.ms)}\u00a0мс`) : '');
  }

  why(result) {
    const inputs = [result.inputs ?? []].flat();
    const pair = (label, kind, value) => (value == null ? [] : [h('dt', {}, label), h('dd', { class: kind }, h('code', {}, shown(value)))]);
    return h('div', { class: 'why' },
      result.message ? h('p', {}, result.message) : null,
      result.ours ? h('p', { class: 'note ours' }, 'Сломалась сама проверка, а\u00a0не\u00a0ваш код. Мы это видим; попытка не\u00a0засчитана.') : null,
      result.seeds ? h('p', { class: 'num' }, `Прошло ${result.seeds_passed ?? 0} из ${plural(result.seeds, 'случайного расклада', 'случайных раскладов', 'случайных раскладов')}.`) : null,
      h('dl', { class: 'diff' },
        pair('ожидалось', 'expected', result.expected), pair('получено', 'got', result.got),
        inputs.length ? pair('что делали', 'inputs', inputs.map(shown).join('\n')) : []),
      result.hint ? h('p', {}, result.hint) : null,
      result.run ? h('p', {}, this.link(result)) : null);
  }

  link({ run, at }) {
    const query = at == null ? '' : `?t=${at}`;
    return h('a', { href: `/runs/${run}/${query}` }, 'Посмотреть как прогон: что было к\u00a0моменту ошибки');
  }

  tally() {
    const of = (state) => this.cases.filter((one) => one.state === state).length;
    this.head.textContent = 'Проверяем…';
    this.count.textContent = `${of('passed') + of('failed')} из ${this.cases.length}`;
  }

  say(text, { note, kind = 'info' } = {}) {
    this.head.textContent = text;
    this.extra?.remove();
    this.extra = note ? h('p', { class: `note ${kind}` }, note) : null;
    if (this.extra) this.box.after(this.extra);
  }

  /** The verdict as the site keeps it; fills in what the log does not have (links to runs). */
  close({ state, reason, verdict, cases }) {
    if (cases?.length && cases.length !== this.cases.length) this.expect(cases.map((one) => one.title));
    cases?.forEach((one, index) => this.put({ ...this.cases[index].result, ...one, n: index + 1 }));
    for (const one of this.cases) if (['running', 'waiting'].includes(one.state)) this.put({ ...one, state: 'skipped' });
    this.box.classList.remove('solved');
    if (state === 'broken') {
      this.count.textContent = '';
      this.say('Проверить не\u00a0удалось, и\u00a0это наша вина', { note: reason || 'Попытка не\u00a0засчитана, код сохранён. Отправьте ещё раз.', kind: 'ours' });
      return;
    }
    const { passed, total, ok } = verdict;
    this.count.textContent = '';
    if (ok) {
      this.box.classList.add('solved');
      this.say(`Решено: ${passed} из\u00a0${total}`);
    } else {
      this.say(`Пока не\u00a0всё: пройдено ${passed} из ${total}`, reason ? { note: reason, kind: 'fail' } : {});
    }
  }
}
