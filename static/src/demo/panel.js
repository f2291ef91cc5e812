/** The parts of the demo card around the player: the notice, the choice of code, sharing and forking. */
import { html, label, on, set } from '../kit/elements.js';
import { visible } from '../kit/visible.js';

let groups = 0;

/** One line about the run as a whole: queue, refusal, the learner's error. */
export class Notice {
  constructor(host) {
    this.box = html(host, 'p', { class: 'k-notice', role: 'status', hidden: true });
    this.row = html(host, 'p', { class: 'k-offers', hidden: true });
  }

  show(text, tone = 'plain') {
    this.box.hidden = !text;
    set(this.box, 'class', `k-notice tone-${tone}`);
    label(this.box, visible(text ?? ''));
    this.offer([]);
  }

  /** What can be done about it, `{text, act}` or `{text, href}`: gone with the next notice. */
  offer(actions) {
    this.row.replaceChildren();
    this.row.hidden = !actions.length;
    for (const { text, act, href } of actions) {
      if (href) html(this.row, 'a', { class: 'k-button', href }, text);
      else on(html(this.row, 'button', { type: 'button', class: 'k-button' }, text), 'click', act);
    }
  }
}

/** Which code runs: a radio group. */
export class Variants {
  constructor(host, variants, onChoose) {
    this.box = html(host, 'fieldset', { class: 'k-variants' });
    html(this.box, 'legend', { class: 'k-hidden' }, 'Чей код запускать');
    this.inputs = new Map();
    const name = `variant-${groups += 1}`;
    for (const variant of variants) {
      const row = html(this.box, 'label', { title: variant.note ?? '' });
      const input = html(row, 'input', { type: 'radio', name, value: variant.name });
      html(row, 'span', {}, variant.label);
      on(input, 'change', () => onChoose(variant.name));
      this.inputs.set(variant.name, input);
    }
    this.box.hidden = variants.length < 2;
  }

  choose(name) {
    const input = this.inputs.get(name);
    if (input) input.checked = true;
  }

  get chosen() {
    return [...this.inputs].find(([, input]) => input.checked)?.[0];
  }
}

/** A link to this very moment, copied and shown. */
export class Share {
  constructor(host, address) {
    this.address = address;
    this.button = html(host, 'button', { type: 'button', class: 'k-button' }, 'Поделиться моментом');
    this.row = html(host, 'p', { class: 'k-share', hidden: true });
    const field = html(this.row, 'label', {}, 'Ссылка ');
    this.input = html(field, 'input', { type: 'text', readOnly: true });
    this.done = html(this.row, 'span', { role: 'status' });
    on(this.button, 'click', () => this.copy());
    on(this.input, 'focus', () => this.input.select());
  }

  async copy() {
    this.input.value = this.address();
    this.row.hidden = false;
    this.done.textContent = '';
    const copied = await this.write(this.input.value);
    this.done.textContent = copied ? 'Скопирована' : 'Выделена — скопируйте сами';
  }

  async write(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch { // refused, or a page served without TLS: the selection is the fallback
      this.input.focus();
      this.input.select();
      return document.execCommand('copy');
    }
  }
}
