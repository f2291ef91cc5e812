/**
 * <poligon-compare>: two runs of one lesson, at one moment, event beside event. Both pictures follow one time;
 * the first place where the runs part is flagged on both and can be jumped to.
 */
import scenes from 'poligon:scenes';
import { align, divergence } from './compare/align.js';
import { kindNames, labelled, told } from './demo/events.js';
import { archive, recording } from './demo/recording.js';
import { html, label, on } from './kit/elements.js';
import { fmt } from './kit/numbers.js';
import { Player } from './player.js';
import { RunSocket, socketAddress } from './socket.js';

const AROUND = 3; // equal rows shown on each side of a difference
const MOST = 400; // rows of the table at once

/** One of the two runs: its picture and its events. */
class Side {
  constructor(host, scene, spec, side, owner) {
    this.side = side;
    this.owner = owner;
    this.events = [];
    this.complete = false;
    this.names = kindNames(spec);
    this.controls = labelled(spec.controls);
    this.card = html(host, 'section', { 'aria-label': side.title, tabIndex: -1 });
    this.player = new Player(this.card, { ...scene, title: side.title }, this, {
      duration: spec.duration, names: this.names, told: (event) => told(event, this.controls),
    });
    this.player.transport.main.hidden = true;
    label(this.player.source, side.note);
  }

  /** Reads a log that is there, or follows one that is being made. */
  async open() {
    const { side } = this;
    if (!side.socket) {
      this.hear(await (side.recording ? recording(side.recording) : archive(side.id)));
      this.finish();
      return;
    }
    this.socket = new RunSocket(socketAddress(side.socket), {
      events: (events) => this.hear(events),
      state() {},
      reset: () => { this.events = []; this.player.clear(); },
      end: () => this.finish(),
      error: (message) => this.owner.say(message.message),
      line() {},
    });
  }

  hear(events) {
    this.events.push(...events);
    this.player.feed(events);
    this.owner.changed();
  }

  finish() {
    this.complete = true;
    if (this.socket) label(this.player.source, 'Прогон');
    this.player.finish();
    this.owner.changed();
  }

  // What the Player asks of its owner; there is no live run to command from here.
  main() {}
  pause() { return false; }
  resume() { return false; }
  step() { return false; }
  speed() { return false; }
  over() {}
  time(t) { this.owner.moved(this, t); }
}

class Compare extends HTMLElement {
  async connectedCallback() {
    if (this.sides) return;
    const { spec, sides, t } = JSON.parse(this.querySelector('script[type="application/json"]').textContent);
    const scene = await scenes[spec.scene]?.();
    if (!scene || !this.isConnected) return; // the tables stay
    for (const child of [...this.children]) if (!child.matches('script')) child.hidden = true;
    this.timed = spec.clock === 'virtual';
    this.summary = html(this, 'p', { class: 'compare-summary', role: 'status' });
    const pair = html(this, 'div', { class: 'compare-pair' });
    this.sides = [];
    this.sides = sides.map((side) => new Side(pair, scene.default, spec, side, this));
    this.table = html(this, 'div', { class: 'compare-table' });
    this.stand = t;
    await Promise.all(this.sides.map((side) => side.open().catch(() => this.say('Журнал не загрузился. Обновите страницу.'))));
    this.dataset.ready = '';
  }

  disconnectedCallback() {
    for (const side of this.sides ?? []) {
      side.socket?.close();
      side.player.stop();
    }
  }

  say(text) {
    label(this.summary, text);
  }

  /** One picture moved; the other follows. */
  moved(from, t) {
    if (this.following || this.dataset.ready === undefined) return;
    this.following = true;
    for (const side of this.sides) if (side !== from && Math.abs(side.player.t - t) > 1e-9) side.player.seek(t);
    this.following = false;
  }

  changed() {
    clearTimeout(this.later);
    this.later = setTimeout(() => this.settle(), 100);
  }

  /** Both logs are known as far as they go: where do they part? */
  settle() {
    const [one, other] = this.sides;
    if (!one.complete || !other.complete) {
      this.say('Один из прогонов ещё идёт. Сравнение появится, когда он кончится.');
      return;
    }
    const options = { timed: this.timed };
    const parted = divergence(one.events, other.events, options);
    this.tell(parted);
    for (const side of this.sides) side.player.mark(parted && { t: parted.t, label: 'расходятся', short: 'врозь', tone: 'fail' });
    const end = Math.max(...this.sides.map((side) => side.player.run.end));
    const t = this.stand ?? (parted ? Math.min(parted.t, end) : one.player.scene.still?.(one.player.run) ?? 0);
    for (const side of this.sides) side.player.seek(Math.min(t, side.player.run.end));
    this.rows(align(one.events, other.events, options));
  }

  tell(parted) {
    if (!parted) {
      const what = this.timed ? 'Прогоны совпали: событие в событие, до последнего знака.' : 'В прогонах случилось одно и то же в одном порядке; времена свои у каждого.';
      this.say(what);
      return;
    }
    const [left, right] = this.sides.map((side) => this.words(side.events[parted.at], side) || 'журнал кончился');
    this.summary.replaceChildren();
    const jump = html(this.summary, 'button', { type: 'button', class: 'btn small' }, `Первое расхождение: ${fmt(parted.t, 2)}\u00a0с`);
    on(jump, 'click', () => this.seek(parted.t));
    this.summary.append(` Слева: ${left.toLowerCase()}. Справа: ${right.toLowerCase()}.`);
  }

  seek(t) {
    for (const side of this.sides) side.player.seek(Math.min(t, side.player.run.end));
  }

  words(event, side) {
    if (!event) return '';
    const own = side.player.scene.columns.map((column) => column.text(event)).filter(Boolean).join(' · ');
    return (own || told(event, side.controls) || side.names[event.kind] || event.kind).replace(/[.!]$/, '');
  }

  /** Equal stretches are folded; differences stand out and can be pressed. */
  rows(rows) {
    const shown = rows.map((row, i) => !row.same || rows.slice(Math.max(0, i - AROUND), i + AROUND + 1).some((near) => !near.same));
    const parts = [];
    let folded = 0;
    rows.forEach((row, i) => {
      if (!shown[i]) {
        folded += 1;
        return;
      }
      if (folded) parts.push({ folded });
      folded = 0;
      parts.push(row);
    });
    if (folded) parts.push({ folded });
    this.table.replaceChildren();
    const differ = rows.filter((row) => !row.same).length;
    html(this.table, 'h2', {}, 'Событие за событием');
    html(this.table, 'p', { class: 'mute small' }, differ ? `Разных строк: ${differ}, одинаковых: ${rows.length - differ}.` : `Все строки одинаковы: ${rows.length}.`);
    const box = html(this.table, 'div', { class: 'table-wrap', tabIndex: 0 });
    const table = html(box, 'table');
    const head = html(html(table, 'thead'), 'tr');
    for (const name of ['Секунда', ...this.sides.map((side) => side.side.title)]) html(head, 'th', { scope: 'col' }, name);
    const body = html(table, 'tbody');
    for (const part of parts.slice(0, MOST)) this.row(body, part);
    if (parts.length > MOST) html(this.table, 'p', { class: 'mute small' }, `Показаны первые ${MOST} строк.`);
  }

  row(body, part) {
    const row = html(body, 'tr', { class: part.folded ? 'folded' : part.same ? 'same' : 'differs' });
    if (part.folded) {
      html(row, 'td', { colSpan: 3 }, `одинаковых событий: ${part.folded}`);
      return;
    }
    const t = (part.left ?? part.right).t;
    const jump = html(html(row, 'td', { class: 'num' }), 'button', { type: 'button', class: 'linklike', title: 'Перейти к\u00a0этому моменту' }, fmt(t, 2));
    on(jump, 'click', () => this.seek(t));
    [part.left, part.right].forEach((event, i) => html(row, 'td', { class: event ? '' : 'nothing' }, event ? this.words(event, this.sides[i]) : '—'));
  }
}

customElements.define('poligon-compare', Compare);
