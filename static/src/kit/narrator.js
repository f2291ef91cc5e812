/**
 * One Russian sentence about what is happening. Eyes get it at once; a screen reader gets it from a
 * separate polite region, at most once in GAP seconds and only the newest.
 */
import { html, label } from './elements.js';

const GAP = 2.5;

export class Narrator {
  constructor(host) {
    this.shown = html(host, 'p', { class: 'k-say', 'aria-hidden': 'true' });
    this.spoken = html(host, 'p', { class: 'k-hidden', role: 'status', 'aria-live': 'polite' });
    this.timer = null;
    this.next = '';
  }

  say(sentence) {
    if (sentence === this.next) return;
    this.next = sentence;
    label(this.shown, sentence);
    if (this.timer !== null) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      label(this.spoken, this.next);
    }, GAP * 1000);
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = null;
  }
}
