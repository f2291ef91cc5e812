/**
 * The log as a table: the text alternative of the picture. Only rows around the playhead are in the
 * page, however long the run is. Brought by Log when the fold is opened.
 */
import { html, label, on } from './elements.js';
import { fmt } from './numbers.js';
import { visible } from './visible.js';

const GAP = 200; // milliseconds between redraws while time runs
const ROWS = 40;
const AFTER = 8; // of them, after the playhead

export class EventTable {
  /** `columns`: [{title, text(event)}]; `names`: kind → words for the filter; `told(event)`: words where the scene has none; `onSeek(t)` when a row is chosen. */
  constructor(host, { columns, names = {}, told = () => '', onSeek }) {
    this.columns = columns;
    this.told = told;
    this.names = names;
    this.onSeek = onSeek;
    this.kinds = new Set();
    this.kind = '';
    this.drawn = '';
    const bar = html(host, 'p', { class: 'k-log-bar' });
    const choice = html(bar, 'label', {}, 'Показывать ');
    this.filter = html(choice, 'select');
    html(this.filter, 'option', { value: '' }, 'все события');
    this.counter = html(bar, 'span', { class: 'k-log-n' });
    this.frame = html(host, 'div', { class: 'k-log-frame', tabIndex: 0, role: 'region', 'aria-label': 'Журнал событий' });
    const table = html(this.frame, 'table');
    const head = html(html(table, 'thead'), 'tr');
    for (const title of ['№', 'Время', ...columns.map((column) => column.title)]) html(head, 'th', { scope: 'col' }, title);
    this.body = html(table, 'tbody');
    on(this.filter, 'change', () => {
      this.kind = this.filter.value;
      this.draw(this.run, this.t);
    });
  }

  draw(run, t) {
    this.run = run;
    this.t = t;
    if (!run) return;
    const wait = (this.next ?? 0) - performance.now();
    clearTimeout(this.timer);
    if (wait > 0) {
      this.timer = setTimeout(() => this.draw(run, this.t), wait);
      return;
    }
    this.next = performance.now() + GAP;
    this.learnKinds(run);
    const events = this.kind ? run.events.filter((event) => event.kind === this.kind) : run.events;
    const now = this.kind ? events.findLastIndex((event) => event.t <= t) + 1 : run.count(t);
    const to = Math.min(events.length, Math.max(now + AFTER, ROWS));
    const from = Math.max(0, to - ROWS);
    const stamp = `${this.kind}/${from}/${to}/${now}`;
    if (stamp === this.drawn) return;
    this.drawn = stamp;
    label(this.counter, events.length ? `строки ${from + 1}–${to} из ${events.length}` : 'пока пусто');
    this.body.replaceChildren(...events.slice(from, to).map((event, i) => this.row(event, from + i < now, from + i === now - 1)));
    const row = this.body.querySelector('.k-now');
    if (row) this.frame.scrollTop = row.offsetTop - this.frame.clientHeight / 2;
  }

  row(event, past, current) {
    const row = html(null, 'tr', { class: current ? 'k-now' : past ? '' : 'k-later' });
    if (current) row.setAttribute('aria-current', 'true');
    html(row, 'td', {}, String(event.seq));
    const jump = html(html(row, 'td'), 'button', { type: 'button' }, `${fmt(event.t, 2)}\u00a0с`);
    jump.addEventListener('click', () => this.onSeek(event.t));
    if (event.kind === 'case.failed') row.className += ' k-failed';
    const cells = this.columns.map((column) => column.text(event));
    if (!cells.some(Boolean)) cells[0] = this.told(event);
    for (const text of cells) html(row, 'td', {}, visible(String(text ?? '')));
    return row;
  }

  learnKinds(run) {
    for (let i = this.known ?? 0; i < run.events.length; i++) {
      const { kind } = run.events[i];
      if (this.kinds.has(kind)) continue;
      this.kinds.add(kind);
      html(this.filter, 'option', { value: kind }, this.names[kind] ?? kind);
    }
    this.known = run.events.length;
  }

  clear() {
    this.drawn = '';
    this.known = 0;
    this.body.replaceChildren();
  }
}
