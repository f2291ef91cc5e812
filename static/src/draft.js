/**
 * A text that is not lost. Every keystroke goes to this browser's storage at once and to the server
 * after a pause; the browser's copy is dropped only when the server has confirmed the same text.
 *
 * States, told to `onState`: saved · saving · waiting (typed, not sent yet) · offline · refused · conflict.
 * On a conflict saving stops until `mine()` or `theirs()` is called; the server has kept both texts.
 */
import { api, reader, store } from './reader.js';

const PAUSE = 800; // ms of quiet before a save
const RETRY = [2000, 5000, 15000, 30000]; // ms between tries while the server is away

/** Survives a reload, differs between tabs: two tabs offline must not overwrite each other's copy. */
function tab() {
  try {
    let id = sessionStorage.getItem('poligon:tab');
    if (!id) sessionStorage.setItem('poligon:tab', id = Math.random().toString(36).slice(2, 10));
    return id;
  } catch {
    return 'only';
  }
}

export class Draft {
  constructor(lesson, slot, starter, onState) {
    this.path = `drafts/${lesson}/${slot}/`;
    this.lesson = lesson;
    this.slot = slot;
    this.prefix = `draft:${lesson}:${slot}:`;
    this.key = this.prefix + tab();
    this.text = starter;
    this.saved = starter;
    this.base = 0;
    this.tries = 0;
    this.onState = onState;
    addEventListener('online', () => this.state === 'offline' && this.flush());
    addEventListener('pagehide', () => this.flush({ keepalive: true }));
    document.addEventListener('visibilitychange', () => document.hidden && this.flush({ keepalive: true }));
  }

  /** The text to show: what this browser has not managed to save, else the server's, else the starter. */
  async load() {
    const copy = store.get(this.key) ?? this.others()[0];
    try {
      const kept = (await reader(this.lesson)).drafts?.[this.slot];
      if (kept) {
        this.base = kept.version;
        this.saved = kept.text;
        if (!this.changed) this.text = kept.text;
        this.tell('saved', { at: kept.saved_at });
      }
    } catch (error) {
      if (!copy && !this.changed) this.tell('offline', { message: error.message });
    }
    if (copy && !this.changed && copy.text !== this.saved) {
      this.text = copy.text;
      this.base = copy.base; // typed on top of that version: the server decides whether it still is the newest
      this.changed = true;
      store.set(this.key, copy);
      this.plan(0);
    }
    return this.text;
  }

  /** Copies left by other tabs of this browser, the newest first. */
  others() {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(`poligon:${this.prefix}`) && key !== `poligon:${this.key}`)
        .map((key) => ({ key, ...JSON.parse(localStorage.getItem(key)) })).sort((a, b) => b.at - a.at);
    } catch {
      return [];
    }
  }

  change(text) {
    if (text === this.text) return;
    this.text = text;
    this.changed = true;
    this.copied = store.set(this.key, { text, base: this.base, at: Date.now() });
    if (this.state === 'conflict') return;
    this.tell('waiting');
    this.plan(PAUSE);
  }

  plan(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), delay);
  }

  /** Sends what is not saved yet. One request at a time, so that versions come in the order typed. */
  async flush({ keepalive = false } = {}) {
    if (this.sending) await this.sending; // what was typed meanwhile goes next
    if (!this.changed || this.state === 'conflict') return;
    clearTimeout(this.timer);
    const text = this.text;
    this.sending = this.send(text, keepalive);
    await this.sending;
    this.sending = null;
    if (this.state === 'saved' && this.text !== text) this.plan(PAUSE);
  }

  async send(text, keepalive) {
    this.tell('saving');
    try {
      const { version, saved_at: at } = await api('PUT', this.path, { text, base: this.base }, { keepalive });
      this.base = version;
      this.saved = text;
      this.tries = 0;
      if (this.text === text) {
        this.changed = false;
        store.drop(this.key);
        for (const copy of this.others()) if (copy.text === text) localStorage.removeItem(copy.key);
      } else {
        store.set(this.key, { text: this.text, base: version, at: Date.now() });
      }
      this.tell('saved', { at });
    } catch (error) {
      this.fail(error);
    }
  }

  fail(error) {
    if (error.status === 409) {
      this.tell('conflict', { theirs: error.body.theirs, message: error.message });
    } else if (error.status === 0 || error.status >= 500 || error.status === 429) {
      this.tell('offline', { message: error.status === 429 ? error.message : null });
      this.plan(RETRY[Math.min(this.tries++, RETRY.length - 1)]);
    } else {
      this.tell('refused', { message: error.message });
    }
  }

  /** Ends a conflict: go on with what is typed here, on top of their version. */
  mine(theirs) {
    this.base = theirs.version;
    this.tell('waiting');
    return this.flush();
  }

  /** Ends a conflict: go on with their version. What was typed here stays in the list of versions. */
  theirs(theirs) {
    this.base = theirs.version;
    this.text = theirs.text;
    this.saved = theirs.text;
    this.changed = false;
    store.drop(this.key);
    this.tell('saved', { at: theirs.saved_at });
  }

  tell(state, detail = {}) {
    this.state = state;
    this.onState(state, { copied: this.copied !== false, ...detail });
  }
}
