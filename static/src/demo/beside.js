/** The button that shows a run beside the recording; when the recording itself is shown, the other variant in its world. */
import { html, label, on } from '../kit/elements.js';
import { api } from '../reader.js';

const SPEED = 8; // a run made to be compared is not watched

export class Beside {
  /** `demo` is the card: its spec, mode, player, runId, shown. */
  constructor(host, demo) {
    this.demo = demo;
    this.other = demo.spec.variants.find((one) => one.name !== 'reference');
    this.button = html(host, 'button', { type: 'button', class: 'k-button' });
    on(this.button, 'click', () => this.go());
  }

  show() {
    const { mode, spec, shown, fork } = this.demo;
    const recorded = mode === 'recording';
    this.button.hidden = Boolean(fork) || !spec.recording || shown === 'case' || (recorded ? !this.other : mode !== 'ended');
    label(this.button, recorded && this.other ? `Сравнить: эталон и\u00a0${this.other.label.toLowerCase()}` : 'Сравнить с\u00a0эталоном');
  }

  async go() {
    const { demo } = this;
    const lesson = demo.dataset.lesson;
    let id = demo.runId;
    try {
      if (demo.mode === 'recording') {
        const inputs = demo.player.run.inputs(Infinity);
        id = (await api('POST', 'runs/', { lesson, variant: this.other.name, speed: SPEED, ...inputs })).id;
      }
      location.assign(`/compare/?lesson=${lesson}&a=recording&b=${id}`);
    } catch (error) {
      demo.notice.show(error.message, 'warn');
    }
  }
}
