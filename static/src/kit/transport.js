/** The bar under the picture: start or stop, play or pause, key moments, one event on, speed, the live edge. */
import { html, on, set, svg } from './elements.js';
import { ICONS } from './icons.js';

const SPEEDS = [[0.25, '¼×'], [0.5, '½×'], [1, '1×'], [2, '2×'], [4, '4×'], [8, '8×']];

export function iconButton(parent, icon, name) {
  const button = html(parent, 'button', { type: 'button', class: 'k-ico', 'aria-label': name, title: name });
  const drawing = svg(button, 'svg', { viewBox: '0 0 24 24', width: 22, height: 22, 'aria-hidden': 'true', class: 'k-icon' });
  const path = svg(drawing, 'path', { d: ICONS[icon] });
  return {
    button,
    show(nextIcon, nextName) {
      set(path, 'd', ICONS[nextIcon]);
      set(button, 'aria-label', nextName);
      set(button, 'title', nextName);
    },
  };
}

export class Transport {
  /** `on`: {main, play, previous, next, step, speed(value), live} — what to do when each is pressed. */
  constructor(host, act) {
    this.box = html(host, 'div', { class: 'k-bar', role: 'group', 'aria-label': 'Управление прогоном' });
    this.main = html(this.box, 'button', { type: 'button', class: 'k-main' }, 'Пуск');
    this.previous = iconButton(this.box, 'previous', 'К предыдущему ключевому моменту');
    this.play = iconButton(this.box, 'play', 'Воспроизвести');
    this.next = iconButton(this.box, 'next', 'К следующему ключевому моменту');
    this.step = iconButton(this.box, 'step', 'На одно событие вперёд');
    this.step.button.classList.add('k-step');
    this.live = html(this.box, 'button', { type: 'button', class: 'k-live', hidden: true }, 'К эфиру');
    this.speed = html(this.box, 'select', { 'aria-label': 'Скорость', class: 'k-speed' });
    for (const [value, words] of SPEEDS) html(this.speed, 'option', { value: String(value) }, words);
    this.speed.value = '1';
    on(this.main, 'click', act.main);
    on(this.play.button, 'click', act.play);
    on(this.previous.button, 'click', act.previous);
    on(this.next.button, 'click', act.next);
    on(this.step.button, 'click', act.step);
    on(this.live, 'click', act.live);
    on(this.speed, 'change', () => act.speed(this.chosen));
  }

  get chosen() {
    return Number(this.speed.value);
  }

  moving(yes) {
    if (yes) this.play.show('pause', 'Пауза');
    else this.play.show('play', 'Воспроизвести');
  }
}
