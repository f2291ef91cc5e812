/**
 * The socket of a run, in one place: subscribes after the last event seen, drops repeats, and when
 * the line breaks comes back with back-off and goes on from there. Nothing lost, nothing twice.
 *
 * Server and client messages: docs/contracts.md, «The WebSocket».
 */
const BASE = 250; // milliseconds before the first retry
const LONGEST = 10_000;
const SILENCE = 25_000; // after so long without a word we ask whether the line is alive
const ANSWER = 5_000; // and wait so long for the answer
const FINAL = 1000; // close code: the server has said everything
const REFUSED = new Set([4400, 4403, 4404]); // close codes that a retry will not change

/** What the class needs of the world; a test gives its own. */
const browser = {
  open: (url) => new WebSocket(url),
  later: (run, ms) => setTimeout(run, ms),
  cancel: (timer) => clearTimeout(timer),
  random: () => Math.random(),
  online: () => navigator.onLine !== false,
  visible: () => document.visibilityState !== 'hidden',
  listen(wake) {
    const life = new AbortController();
    const options = { signal: life.signal };
    for (const type of ['online', 'offline']) globalThis.addEventListener(type, wake, options);
    document.addEventListener('visibilitychange', wake, options);
    return () => life.abort();
  },
};

/** The whole address of a socket's path on this site: RunSocket's `url`. */
export function socketAddress(path) {
  const address = new URL(path, location.href);
  address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return address.href;
}

export class RunSocket {
  /**
   * `hear`: {events(list), state(message), reset(), end(message), error(message), line(word)};
   * `line` hears 'connecting', 'open', 'waiting' (with seconds), 'away' (the server is there, what it
   * reads from is not; 'open' follows) and 'closed'.
   */
  constructor(url, hear, world = browser) {
    Object.assign(this, { url, hear, world });
    this.last = 0;
    this.attempt = null;
    this.failures = 0;
    this.ref = 0;
    this.unsettled = new Map(); // ref → message the server has not acknowledged
    this.closed = false;
    this.unlisten = world.listen(() => this.wake());
    this.connect();
  }

  // ---- what the owner says ----

  /** Sends a control message; the same setting sent later replaces one that has not arrived. */
  control(message) {
    if (message.op === 'set') {
      for (const [ref, one] of this.unsettled) {
        if (one.message?.op === 'set' && one.message.name === message.name) this.unsettled.delete(ref);
      }
    }
    this.settle({ type: 'control', message });
  }

  stop() {
    this.settle({ type: 'stop' });
  }

  close() {
    if (this.closed) return;
    this.closed = true;
    this.unlisten();
    for (const timer of [this.retry, this.watchdog]) this.world.cancel(timer);
    this.socket?.close();
    this.hear.line?.('closed');
  }

  settle(message) {
    this.ref += 1;
    const whole = { ...message, ref: this.ref };
    this.unsettled.set(this.ref, whole);
    if (this.ready) this.send(whole);
  }

  send(message) {
    this.socket.send(JSON.stringify(message));
  }

  // ---- the line ----

  connect() {
    this.world.cancel(this.retry);
    this.retry = null;
    this.ready = false;
    this.hear.line?.('connecting');
    const socket = this.world.open(this.url);
    this.socket = socket;
    const mine = (listener) => (event) => { if (socket === this.socket && !this.closed) listener(event); };
    socket.onopen = mine(() => this.opened());
    socket.onmessage = mine((event) => this.heard(event.data));
    socket.onclose = mine((event) => this.broken(event.code));
    socket.onerror = () => {}; // a close follows and says it all
  }

  opened() {
    this.ready = true;
    this.send({ type: 'subscribe', after: this.last, ...(this.attempt !== null && { attempt: this.attempt }) });
    for (const message of this.unsettled.values()) this.send(message);
    this.hear.line?.('open');
    this.watch();
  }

  broken(code) {
    this.ready = false;
    this.world.cancel(this.watchdog);
    if (code === FINAL || REFUSED.has(code)) {
      this.close();
      if (code !== FINAL && !this.refusal) this.hear.error?.({ code: String(code), message: 'Этот прогон больше не доступен.' });
      return;
    }
    const longest = Math.min(LONGEST, BASE * 2 ** this.failures);
    const wait = longest * (0.5 + this.world.random() / 2); // jitter: a restart must not bring everyone back at once
    this.failures += 1;
    this.hear.line?.('waiting', wait / 1000);
    // Offline or out of sight there is no hurry: `wake` comes when that changes.
    if (this.world.online() && this.world.visible()) this.retry = this.world.later(() => this.connect(), wait);
    else this.asleep = true;
  }

  /** The network or the reader has come or gone. A line without a network would only find out after a long silence. */
  wake() {
    if (this.closed) return;
    if (this.ready && !this.world.online()) {
      this.drop();
      return;
    }
    if (this.ready || !this.asleep || !this.world.online() || !this.world.visible()) return;
    this.asleep = false;
    this.connect();
  }

  /** Restarts the count of silence; a silent line is asked once and then given up. */
  watch() {
    this.world.cancel(this.watchdog);
    this.watchdog = this.world.later(() => {
      if (!this.ready) return;
      this.send({ type: 'ping' });
      this.watchdog = this.world.later(() => this.drop(), ANSWER);
    }, SILENCE);
  }

  /** Gives up a line that does not answer, without waiting for its close. */
  drop() {
    const { socket } = this;
    this.socket = null;
    socket?.close();
    this.broken(1006);
  }

  // ---- what the server says ----

  heard(text) {
    const message = JSON.parse(text);
    this.failures = 0;
    this.watch();
    switch (message.type) {
      case 'events':
        this.take(message.events);
        break;
      case 'state':
        this.attempt = message.attempt ?? this.attempt;
        if (this.away) this.hear.line?.('open');
        this.away = false;
        this.hear.state?.(message);
        break;
      case 'reset':
        this.last = 0;
        this.attempt = message.attempt;
        this.hear.reset?.(message);
        break;
      case 'ack':
        this.unsettled.delete(message.ref);
        break;
      case 'error':
        if (['away', 'unavailable'].includes(message.code) && message.ref === undefined) { // it will be back, or we shall
          this.away = true;
          this.hear.line?.('away');
          break;
        }
        this.unsettled.delete(message.ref);
        this.refusal = message;
        if (message.code !== 'ended') this.hear.error?.(message); // a command late by a moment is nobody's fault
        break;
      case 'end':
        this.hear.end?.(message);
        this.close();
        break;
    }
  }

  /** Passes on what is new; a gap means the line lied, so we ask again from where we are. */
  take(events) {
    const fresh = [];
    for (const event of events) {
      if (event.seq <= this.last) continue;
      if (event.seq !== this.last + 1) {
        if (fresh.length) this.hear.events(fresh);
        this.drop();
        return;
      }
      this.last = event.seq;
      fresh.push(event);
    }
    if (fresh.length) this.hear.events(fresh);
  }
}
