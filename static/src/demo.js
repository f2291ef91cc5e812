/**
 * <poligon-demo>: the live card of a lesson, and of a run's own page (data-run, data-t).
 *
 * It starts with the lesson's recording standing still, starts live runs, follows them, and plays
 * back what has ended. The Player shows; this element decides where events come from.
 */
import scenes from 'poligon:scenes';
import { keep, leftBehind } from './demo/behind.js';
import { Beside } from './demo/beside.js';
import { archive, recording } from './demo/recording.js';
import { kindNames, labelled, told, violation } from './demo/events.js';
import { offers } from './demo/refusal.js';
import { Notice, Share, Variants } from './demo/panel.js';
import { ACTIVE, LOCKED, ended, own, position, problem } from './demo/words.js';
import { Controls } from './kit/controls.js';
import { html, label, on } from './kit/elements.js';
import { Player } from './player.js';
import { api, reader } from './reader.js';
import { RunSocket, socketAddress } from './socket.js';

const RUSH = 8; // speed at which a fork hurries to the moment it was made from
const TELL = 250; // milliseconds between `poligon:time` events

class PoligonDemo extends HTMLElement {
  async connectedCallback() {
    if (this.card) return;
    this.spec = JSON.parse(this.querySelector('script[data-spec]').textContent);
    const scene = await scenes[this.dataset.scene]?.();
    if (!scene || !this.isConnected) return; // the fallback stays
    this.mode = 'recording'; // | starting | live | ended
    this.real = this.spec.clock === 'real';
    this.build(scene.default);
    this.listen();
    await (this.dataset.run ? this.openRun(this.dataset.run) : this.openRecording());
  }

  disconnectedCallback() {
    this.life?.abort();
    this.socket?.close();
    this.player?.stop();
    this.card = null;
  }

  build(scene) {
    const { spec } = this;
    const names = kindNames(spec);
    const controls = labelled(spec.controls);
    for (const child of [...this.children]) if (!child.matches('script')) child.hidden = true;
    this.card = html(this, 'section', { 'aria-label': `Опыт: ${spec.title}`, tabIndex: -1 });
    this.player = new Player(this.card, { ...scene, title: spec.title }, this, {
      duration: spec.duration, names, told: (event) => told(event, controls),
    });
    const { above, below } = this.player;
    if (!this.dataset.run) html(above, 'p', { class: 'k-prompt' }, spec.prompt);
    const variants = [...spec.variants, { name: 'mine', label: 'Моя' }];
    this.variants = new Variants(above, variants, (name) => this.choose(name));
    this.notice = new Notice(this.player.message);
    this.controls = new Controls(below, spec.controls, (name, value) => this.setControl(name, value));
    const tools = html(below, 'div', { class: 'k-tools' });
    this.forkButton = html(tools, 'button', { type: 'button', class: 'k-button' }, 'Повторить с изменениями');
    on(this.forkButton, 'click', () => (this.fork ? this.dropFork() : this.prepareFork()));
    this.beside = new Beside(tools, this);
    this.share = new Share(tools, () => this.address());
    this.variants.choose(spec.variants[0]?.name);
    this.dataset.ready = '';
  }

  listen() {
    this.life = new AbortController();
    const options = { signal: this.life.signal };
    document.addEventListener('poligon:code', (event) => this.hearCode(event.detail), options);
    for (const { overlay } of document.querySelectorAll('poligon-predict')) if (overlay) this.player.predicted(overlay);
    document.addEventListener('poligon:guess', (event) => this.player.predicted(event.detail), options);
    document.addEventListener('poligon:time', (event) => {
      if (event.target !== this) this.showMoment(event.detail.t);
    }, options);
    document.addEventListener('click', (event) => {
      const link = event.target.closest?.('a.moment[data-t]');
      if (link) this.showMoment(Number(link.dataset.t));
    }, options);
  }

  /** Mode decides what «Пуск» says and whether the controls move. */
  become(mode) {
    this.mode = mode;
    const { transport } = this.player;
    const words = { recording: 'Пуск', starting: 'Готовим…', live: 'Стоп', ended: 'Ещё раз' };
    label(transport.main, this.fork ? 'Повторить' : words[mode]);
    transport.main.disabled = mode === 'starting';
    transport.main.dataset.mode = mode;
    const locked = mode === 'live' ? (this.yours ? '' : LOCKED.watching) : LOCKED[mode];
    this.controls.lock(this.fork ? '' : locked);
    this.forkButton.hidden = mode === 'starting' || !this.player.run.events.length;
    this.beside.show();
    label(this.forkButton, this.fork ? 'Не повторять' : 'Повторить с изменениями');
    const source = { recording: 'Запись', starting: 'Запуск', live: 'Эфир', ended: this.shown === 'case' ? 'Проверка' : 'Прогон' }[mode];
    const variant = this.spec.variants.find((one) => one.name === this.shown)?.label ?? (this.shown === 'mine' ? 'Моя' : '');
    const clock = this.real ? 'реальное время' : 'виртуальное время';
    label(this.player.source, [source, variant.toLowerCase(), clock].filter(Boolean).join(' · '));
    transport.speed.disabled = transport.step.button.disabled = this.real && mode === 'live';
    this.player.source.dataset.mode = mode;
  }

  // ---- logs that are there already ----

  async openRecording(t = Number(new URLSearchParams(location.search).get('t') ?? NaN)) {
    this.runId = null;
    this.shown = 'reference';
    this.become('recording');
    if (!this.spec.recording) return;
    try {
      const events = await recording(this.spec.recording);
      if (this.mode === 'recording') this.load(events, Number.isNaN(t) ? null : t);
    } catch {
      this.notice.show('Запись не загрузилась. Нажмите «Пуск», чтобы увидеть живой прогон.', 'warn');
    }
    this.become(this.mode);
  }

  async openRun(id) {
    this.runId = id;
    const t = Number(this.dataset.t ?? NaN);
    try {
      const run = await api('GET', `runs/${id}/`);
      Object.assign(this, { yours: run.yours, shown: run.variant, code: run.code });
      this.variants.choose(run.variant);
      if (run.variant === 'case') this.watchOnly();
      if (ACTIVE.has(run.state)) {
        this.follow(run, Number.isNaN(t) ? null : t);
        return;
      }
      this.load(await archive(id), Number.isNaN(t) ? null : t);
      this.become('ended');
      const failed = this.player.run.firsts.get('case.failed');
      if (failed) this.notice.show(violation(failed), 'fail');
      else this.notice.show(ended(run.state, run.text), run.state === 'finished' ? 'plain' : 'warn');
    } catch (error) {
      this.notice.show(error.message, 'fail');
    }
  }

  /** A failed check is a finished story: nothing in it can be started or steered. */
  watchOnly() {
    for (const part of [this.player.transport.main, this.variants.box, this.controls.box]) part.hidden = true;
    this.forkButton.remove();
  }

  /** Shows a whole log, standing at `t` or at its most telling moment. */
  load(events, t) {
    const { player } = this;
    player.clear();
    player.feed(events);
    for (const event of events) this.note(event);
    player.finish();
    player.seek(t ?? player.scene.still?.(player.run) ?? player.run.next(0) ?? 0);
  }

  async showMoment(t) {
    if (this.mode !== 'recording' && this.mode !== 'live' && !this.dataset.run) await this.openRecording(t);
    else this.player.seek(t);
  }

  // ---- a live run ----

  main() {
    if (this.mode === 'live' && !this.fork) this.socket?.stop();
    else this.start();
  }

  async start() {
    const { fork, spec } = this;
    const variant = this.variants.chosen ?? 'reference';
    const order = { lesson: this.dataset.lesson, variant, speed: this.player.transport.chosen };
    order.instead_of = this.mode === 'live' && this.yours ? this.runId : leftBehind(order.lesson);
    this.fork = null;
    this.leave();
    this.become('starting');
    if (variant === 'mine') order.code = await this.newestCode();
    if (fork) {
      Object.assign(order, fork.inputs, { speed: RUSH, forked_from: fork.from ?? undefined });
      order.script = [...fork.inputs.script, ...Object.entries(fork.changes).map(([name, value]) => [fork.t, name, value])];
    } else order.seed = spec.seed;
    this.rush = fork && !this.real ? { until: fork.t, speed: this.player.transport.chosen } : null;
    await this.send(order);
  }

  async send(order) {
    this.notice.show('');
    this.become('starting');
    try {
      const run = await api('POST', 'runs/', order);
      Object.assign(this, { runId: run.id, yours: true, shown: order.variant });
      keep(order.lesson, run.id);
      this.tell('run', { id: run.id });
      this.follow(run);
    } catch (error) {
      await this.refused(error, order);
    }
  }

  /** One reader, one live run: the last one is stopped and no longer heard. */
  leave() {
    this.socket?.stop();
    this.socket?.close();
    this.socket = null;
  }

  /** No room, or no connection: say why, and let the recording play instead. */
  async refused(error, order) {
    const recorded = [0, 429, 503].includes(error.status) && this.spec.recording;
    await this.openRecording(0);
    this.notice.show(recorded ? `${error.message} А пока — запись.` : error.message, 'warn');
    this.notice.offer(offers(error.body, (run) => this.send({ ...order, instead_of: run })));
    if (recorded) this.player.toggle();
  }

  /** Watches a run being made. What is on screen stays there until its first event. */
  follow(run, t = null) {
    this.socket?.close();
    this.fresh = true;
    this.ending = null;
    this.broken = null;
    this.become('starting');
    this.hearState(run);
    this.socket = new RunSocket(socketAddress(run.socket ?? `/ws/runs/${run.id}/`), {
      events: (events) => this.hear(events, t),
      state: (message) => this.hearState(message),
      reset: () => { this.fresh = true; },
      end: (message) => this.finish(message.state),
      error: (message) => this.notice.show(message.message, 'warn'),
      line: (word) => this.hearLine(word),
    });
  }

  hear(events, t) {
    const { player, fresh } = this;
    if (fresh) player.clear({ live: true, speed: this.real ? 1 : this.rush ? RUSH : player.transport.chosen });
    this.fresh = false;
    player.feed(events);
    if (this.mode === 'starting') {
      this.notice.show('');
      this.become('live');
    }
    for (const event of events) this.note(event);
    if (fresh && t !== null) player.seek(t);
    if (this.rush && player.run.end >= this.rush.until) {
      this.socket.control({ op: 'speed', value: this.rush.speed });
      player.clock.edge.setSpeed(this.rush.speed, performance.now());
      this.rush = null;
    }
  }

  /** The panel shows what the run uses, whoever moved it: the reader or the story. */
  moved(event) {
    if (event.kind === 'control.set') this.controls.show(event.name, event.value);
    if (event.kind === 'run.started') for (const name in event.controls) this.controls.show(name, event.controls[name]);
  }

  /** What an event means for the card itself. */
  note(event) {
    this.moved(event);
    switch (event.kind) {
      case 'problem':
        this.broken = problem(event);
        this.notice.show(this.broken, 'fail');
        if (this.shown === 'mine') this.tell('problem', { ...event, line: own(event.file) ? event.line : null, slot: 'demo' });
        break;
      case 'limit':
        this.notice.show(event.text, 'fail');
        break;
      case 'run.ended':
        this.ending = event.text;
        break;
    }
  }

  hearState({ state, position: place, wait, yours }) {
    if (yours !== undefined) this.yours = yours;
    if (this.mode === 'starting' && state === 'queued' && place > 0) {
      this.notice.show(position(place, wait));
      if (this.player.run.events.length && !this.player.clock.moving) this.player.toggle(); // the recording, meanwhile
    }
    if (this.mode === 'live') this.become('live');
  }

  hearLine(word) {
    if (word === 'waiting') this.notice.show('Связь прервалась. Возвращаемся: прогон идёт, ничего не потеряется.', 'warn');
    else if (word === 'away') this.notice.show('Связь с исполнителем прервалась. Ждём её: страница продолжит сама.', 'warn');
    else if (word === 'open' && this.lineLost) this.notice.show('');
    this.lineLost = ['waiting', 'away'].includes(word) || (this.lineLost && word !== 'open');
  }

  finish(state) {
    this.socket = null;
    this.player.finish();
    this.become('ended');
    this.tellEnd(state);
    const words = ended(state, this.ending);
    const tone = state === 'finished' || state === 'stopped' ? 'plain' : 'fail';
    this.notice.show(this.broken ? `${this.broken}. ${words}` : words, tone);
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(`poligon:${name}`, { bubbles: true, detail }));
  }

  /** The reader has seen a run to its end. */
  tellEnd(state) {
    this.tell('end', { id: this.runId, state });
  }

  // ---- what the Player asks; true when the live run took it ----

  command(message) {
    if (this.mode !== 'live' || !this.yours || !this.socket) return false;
    this.socket.control(message);
    return true;
  }

  /** Real servers keep their own time: only the viewer's picture can stand still. */
  steer(message) { return !this.real && this.command(message); }
  pause() { return this.steer({ op: 'pause' }); }
  resume() { return this.steer({ op: 'resume' }); }
  step() { return this.steer({ op: 'step' }); }
  speed(value) { return this.steer({ op: 'speed', value }); }

  /** Playback came to the end of a log. */
  over() {
    if (this.mode !== 'live') this.tellEnd('finished');
  }

  time(t) {
    const now = performance.now();
    if (t === this.told?.t || now - (this.told?.now ?? -TELL) < TELL) return;
    this.told = { t, now };
    if (this.controls && this.mode !== 'live' && !this.fork) for (const event of this.player.run.moves(t)) this.moved(event);
    this.tell('time', { t });
  }

  setControl(name, value) {
    if (this.fork) this.fork.changes[name] = value;
    else this.command({ op: 'set', name, value });
  }

  // ---- code, forks, links ----

  choose(name) {
    const variant = this.spec.variants.find((one) => one.name === name);
    this.tell('variant', { name, code: variant?.code ?? null });
    if (this.mode === 'live') this.notice.show('Выбранный код пойдёт со следующего пуска.');
  }

  /** The editor's «run»: from now on it is the reader's own code that runs. */
  hearCode({ text, lesson = this.dataset.lesson, slot = 'demo', run = false }) {
    if (lesson !== this.dataset.lesson || slot !== 'demo') return;
    this.code = text;
    this.variants.choose('mine');
    if (run && this.mode !== 'starting') this.start();
  }

  /** The newest text: the editor's if it is at work, else the saved draft, else what the page was given. */
  async newestCode() {
    const editor = document.querySelector('poligon-editor[data-slot="demo"]');
    if (editor?.text !== undefined) return editor.text;
    if (this.code !== undefined) return this.code;
    const mine = await reader(this.dataset.lesson).catch(() => null);
    return mine?.drafts?.demo?.text ?? editor?.querySelector('textarea')?.value ?? this.spec.variants[0].code;
  }

  /** The run again up to this moment, then as the reader will have it. */
  prepareFork() {
    const t = Math.round(this.player.t * 1000) / 1000;
    const { player } = this;
    if (this.mode === 'live') player.clock.pause();
    else player.seek(t);
    this.fork = { t, from: this.runId, inputs: player.run.inputs(t), changes: {} };
    for (const event of player.run.events) if (event.t <= t) this.moved(event);
    this.become(this.mode);
    const shown = t.toLocaleString('ru', { maximumFractionDigits: 1 });
    this.notice.show(`До ${shown} с всё повторится в точности. Подвиньте рычаги или поправьте код и нажмите «Повторить».`);
  }

  dropFork() {
    this.fork = null;
    for (const event of this.player.run.events) this.moved(event);
    this.notice.show('');
    this.become(this.mode);
  }

  address() {
    const t = this.player.t.toFixed(2).replace(/\.?0+$/, '');
    const url = new URL(this.runId ? `/runs/${this.runId}/` : location.pathname, location.origin);
    url.searchParams.set('t', t);
    if (!this.runId) url.hash = 'demo';
    return url.href;
  }
}

customElements.define('poligon-demo', PoligonDemo);
