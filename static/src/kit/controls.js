/**
 * The controls a scenario declares: sliders, switches, buttons, numbers taken from its spec.
 * They say what the reader wants; what the run really uses comes back as `control.set` events.
 */
import { html, label, on, set } from './elements.js';
import { fmt } from './numbers.js';

const PER_SECOND = 20;

/** Lets through at most PER_SECOND values a name; the last one always arrives. */
export class Throttle {
  constructor(send, { now = () => performance.now(), later = (run, ms) => setTimeout(run, ms) } = {}) {
    Object.assign(this, { send, now, later });
    this.names = new Map();
  }

  put(name, value) {
    const known = this.names.get(name);
    if (known?.waiting) {
      known.value = value;
      return;
    }
    const gap = 1000 / PER_SECOND - (this.now() - (known?.sent ?? -Infinity));
    if (gap <= 0) {
      this.names.set(name, { sent: this.now() });
      this.send(name, value);
      return;
    }
    const entry = { sent: known.sent, waiting: true, value };
    this.names.set(name, entry);
    this.later(() => {
      this.names.set(name, { sent: this.now() });
      this.send(name, entry.value);
    }, gap);
  }
}

export class Controls {
  /** `specs`: [{name, kind, label, min, max, step, default, unit}]; `onSet(name, value)` as the reader moves them. */
  constructor(host, specs, onSet) {
    this.box = html(host, 'fieldset', { class: 'k-controls' });
    html(this.box, 'legend', {}, 'Рычаги');
    this.reason = html(this.box, 'p', { class: 'k-reason' });
    this.grid = html(this.box, 'div', { class: 'k-controls-grid' });
    this.items = new Map();
    this.held = null; // the control under the reader's hand: events do not pull it away
    const throttle = new Throttle(onSet);
    for (const spec of specs) this.items.set(spec.name, this.make(spec, (value) => throttle.put(spec.name, value)));
    this.box.hidden = specs.length === 0;
  }

  make(spec, put) {
    if (spec.kind === 'button') return this.button(spec, put);
    if (spec.kind === 'choice') return this.choice(spec, put);
    return spec.kind === 'switch' ? this.toggle(spec, put) : this.slider(spec, put);
  }

  button(spec, put) {
    const element = html(this.grid, 'button', { type: 'button', class: 'k-button' }, spec.label);
    on(element, 'click', () => put(true));
    return { get: () => undefined, show: () => {} };
  }

  choice(spec, put) {
    const row = html(this.grid, 'label', { class: 'k-slider', title: spec.help ?? '' });
    html(row, 'span', {}, spec.label);
    const select = html(row, 'select');
    for (const option of spec.options) html(select, 'option', { value: option.value }, option.label);
    on(select, 'change', () => put(select.value));
    const show = (value) => { select.value = value; };
    show(spec.default);
    return { get: () => select.value, show };
  }

  toggle(spec, put) {
    const row = html(this.grid, 'label', { class: `k-switch-row tone-${spec.tone ?? 'fail'}`, title: spec.help ?? '' });
    const input = html(row, 'input', { type: 'checkbox', role: 'switch' });
    html(row, 'span', {}, spec.label);
    on(input, 'change', () => put(input.checked));
    const show = (value) => { input.checked = Boolean(value); };
    show(spec.default);
    return { get: () => input.checked, show };
  }

  slider(spec, put) {
    const row = html(this.grid, 'label', { class: 'k-slider', title: spec.help ?? '' });
    html(row, 'span', {}, spec.label);
    const output = html(row, 'span', { class: 'k-value' }); // an <output> would take the label for itself
    const [min, max, step] = [spec.min ?? 0, spec.max ?? 100, spec.step ?? 1];
    const input = html(row, 'input', { type: 'range', min: String(min), max: String(max), step: String(step) });
    const digits = Number.isInteger(step) ? 0 : String(step).split('.')[1].length;
    const words = (value) => `${fmt(value, digits)}${spec.unit ? `\u00a0${spec.unit}` : ''}`;
    const show = (value) => {
      input.value = value;
      label(output, words(Number(value)));
      set(input, 'aria-valuetext', words(Number(value)));
      input.style.setProperty('--part', (value - min) / (max - min || 1));
    };
    on(input, 'input', () => {
      this.held = spec.name;
      show(Number(input.value));
      put(Number(input.value));
    });
    on(input, 'change', () => { this.held = null; });
    show(spec.default ?? min);
    return { get: () => Number(input.value), show };
  }

  /** Shows the value the run uses. */
  show(name, value) {
    if (this.held !== name) this.items.get(name)?.show(value);
  }

  /** Everything the reader has set, by name. */
  values() {
    const values = {};
    for (const [name, item] of this.items) if (item.get() !== undefined) values[name] = item.get();
    return values;
  }

  /** Closes the controls and says why; an empty reason opens them. */
  lock(reason) {
    this.box.disabled = Boolean(reason);
    label(this.reason, reason);
    this.reason.hidden = !reason;
  }
}
