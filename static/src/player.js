/**
 * Plays one run with one scene: picture, narrator, timeline, transport, table. It knows where the
 * viewer is; where events come from and what «Пуск» means is the business of its owner (demo.js).
 */
import { Clock, Edge } from './kit/clock.js';
import { html, label, set } from './kit/elements.js';
import { legend } from './kit/legend.js';
import { Narrator } from './kit/narrator.js';
import { clamp, fmt } from './kit/numbers.js';
import { Run } from './kit/run.js';
import { Stage } from './kit/stage.js';
import { Log } from './kit/log.js';
import { Timeline } from './kit/timeline.js';
import { Transport } from './kit/transport.js';

const REDUCED_FRAME = 0.5; // seconds of run between still pictures when the reader asked for less motion
const OVERVIEW_GAP = 250; // milliseconds between redraws of a growing timeline

export class Player {
  /**
   * `owner` answers the transport: main() is «Пуск» or «Стоп»; pause(), resume(), step(), speed(value)
   * return true when they took the command for the live run; time(t) and over() hear where the viewer is.
   */
  constructor(host, scene, owner, { duration = 0, names = {}, told } = {}) {
    this.host = host;
    this.scene = scene;
    this.owner = owner;
    this.duration = duration;
    this.run = new Run(scene);
    this.clock = new Clock();
    this.paused = false; // the live run itself stands still
    this.held = false; // and we stand at its edge
    this.guesses = new Map(); // question → what the reader predicted, {value, label, scale}
    this.frame = this.frame.bind(this);
    this.build(names, told);
    this.watch();
    this.resize(this.stage.box.clientWidth); // the one layout read: at once, so that nothing jumps a frame later
  }

  build(names, told) {
    const { host, scene } = this;
    host.classList.add('k-scene');
    this.top = html(host, 'div', { class: 'k-top' });
    html(this.top, 'h3', {}, scene.title);
    this.source = html(this.top, 'span', { class: 'k-source' });
    this.badge = html(this.top, 'span', { class: 'k-badge' });
    this.above = html(host, 'div', { class: 'k-above' });
    this.stage = new Stage(host);
    this.narrator = new Narrator(host);
    this.timeline = new Timeline(host, scene.chart, (t) => this.seek(t));
    this.transport = new Transport(host, {
      main: () => this.owner.main(),
      play: () => this.toggle(),
      previous: () => this.seek(this.run.previous(this.clock.t) ?? 0),
      next: () => this.seek(this.run.next(this.clock.t) ?? this.run.end),
      step: () => this.step(),
      speed: (value) => this.setSpeed(value),
      live: () => this.follow(),
    });
    this.message = html(host, 'div');
    legend(host, scene.legend);
    this.below = html(host, 'div', { class: 'k-below' });
    this.log = new Log(host, { columns: scene.columns, names, told, onSeek: (t) => this.seek(t) });
  }

  /** Listens to size, sight, theme and motion; `stop` undoes all of it. */
  watch() {
    const life = new AbortController();
    const listen = { signal: life.signal };
    const resize = new ResizeObserver(([entry]) => this.resize(Math.floor(entry.contentRect.width)));
    const sight = new IntersectionObserver((entries) => {
      this.hidden = !entries.at(-1).isIntersecting;
      this.wake();
    });
    const recolour = () => {
      this.stage.packets.theme();
      this.draw();
    };
    const theme = new MutationObserver(recolour);
    resize.observe(this.host);
    sight.observe(this.host);
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', recolour, listen);
    const motion = matchMedia('(prefers-reduced-motion: reduce)');
    const settle = () => {
      this.stage.reduced = motion.matches;
      this.draw();
    };
    motion.addEventListener('change', settle, listen);
    this.stage.reduced = motion.matches;
    this.host.addEventListener('keydown', (event) => this.key(event), listen);
    this.stop = () => {
      life.abort();
      for (const observer of [resize, sight, theme]) observer.disconnect();
      cancelAnimationFrame(this.request);
      clearTimeout(this.later);
      this.narrator.stop();
    };
  }

  resize(width) {
    if (width === this.stage.w || width < 200) return;
    this.sheet = this.stage.size(width, this.scene.height(width));
    this.scene.layout(this.sheet);
    this.timeline.size(width);
    this.overview();
    this.draw();
  }

  // ---- the log ----

  /** Another run: everything known of the last one goes. */
  clear({ live = false, speed = 1 } = {}) {
    this.run.clear();
    this.clock.t = 0;
    this.clock.live = live;
    this.clock.edge = new Edge();
    this.clock.edge.speed = speed;
    this.clock.pause();
    this.paused = this.held = false;
    this.log.clear();
    if (live) this.follow();
  }

  /** Events in the order of the log. The first ones of a live run are painted at once. */
  feed(events) {
    if (!events.length) return;
    const first = this.run.events.length === 0;
    this.run.push(events);
    if (this.clock.live) this.clock.edge.arrived(events.at(-1).t, performance.now());
    if (this.held) this.clock.t = this.run.end;
    if (first || this.held) {
      this.overview();
      this.draw();
    } else this.overviewSoon();
    this.wake();
  }

  /** The run has ended: no edge to follow any more. */
  finish() {
    const { clock, run } = this;
    if (clock.following || this.held) clock.t = run.end;
    clock.live = clock.following = false;
    this.paused = this.held = false;
    this.overview();
    this.draw();
  }

  overviewSoon() {
    this.later ??= setTimeout(() => {
      this.later = null;
      this.overview();
      this.draw();
    }, OVERVIEW_GAP);
  }

  overview() {
    if (!this.stage.w) return;
    const { run, clock, timeline } = this;
    const made = Math.max(run.end, 0.001);
    const end = clock.live ? Math.max(this.duration, made) : made;
    const count = Math.round(clamp(timeline.w / 7, 40, 140) * (made / end)) || 1;
    const drawn = this.scene.overview(run, count);
    if (this.flag) drawn.marks.unshift(this.flag);
    const failed = run.firsts.get('case.failed');
    if (failed) drawn.marks.unshift({ t: failed.t, label: 'нарушение', tone: 'fail' });
    const guess = [...this.guesses.values()].findLast((one) => one.scale === 'chart') ?? null;
    for (const { scale, value, label: name } of this.guesses.values()) {
      if (scale === 'time' && value <= end) drawn.marks.push({ t: value, label: name, tone: 'guess' });
    }
    const high = Math.max(drawn.high, guess?.value ?? 0);
    timeline.data({ ...drawn, high, guess, end, edge: clock.live ? run.end : null });
  }

  /** One more flag on the timeline, {t, label, tone}, or null. */
  mark(flag) {
    this.flag = flag;
    this.overview();
  }

  /** Lays a prediction over the run. */
  predicted({ id, ...guess }) {
    this.guesses.delete(id); // the latest one is drawn
    this.guesses.set(id, guess);
    this.overview();
    this.draw();
  }

  // ---- where the viewer is ----

  get t() {
    return this.clock.t;
  }

  seek(t) {
    this.held = false;
    this.clock.seek(t, this.run.end);
    this.draw();
  }

  toggle() {
    const { clock, run } = this;
    if (clock.moving) {
      if (clock.following && this.owner.pause()) this.stand();
      else clock.pause();
    } else if (this.held && this.owner.resume()) {
      this.paused = this.held = false;
      clock.edge.resume(performance.now());
      clock.follow();
    } else clock.play(run.end);
    this.draw();
    this.wake();
  }

  /** Stands at the edge of a paused run. */
  stand() {
    this.paused = this.held = true;
    this.clock.edge.pause(this.run.end);
    this.clock.pause();
    this.clock.t = this.run.end; // not a moment before it: a step would then show what is known, and make nothing
  }

  /** One event on; a paused live run is asked to make one. */
  step() {
    const { clock, run } = this;
    const at = run.count(clock.t);
    if (at < run.events.length) this.seek(run.events[at].t);
    else this.owner.step();
  }

  setSpeed(speed) {
    this.clock.speed = speed;
    if (this.clock.live && this.owner.speed(speed)) this.clock.edge.setSpeed(speed, performance.now());
  }

  /** To the live edge. */
  follow() {
    this.clock.follow();
    if (this.paused) {
      this.clock.t = this.run.end;
      this.stand();
    }
    this.draw();
    this.wake();
  }

  /** Space plays or pauses; Page Up and Page Down walk the key moments. */
  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const range = event.target === this.timeline.range;
    if (event.key === ' ' && (range || event.target === this.host)) this.toggle();
    else if (range && event.key === 'PageUp') this.seek(this.run.next(this.t) ?? this.run.end);
    else if (range && event.key === 'PageDown') this.seek(this.run.previous(this.t) ?? 0);
    else if (range && event.key === '.') this.step();
    else return;
    event.preventDefault();
  }

  // ---- drawing ----

  wake() {
    if (this.clock.moving && !this.hidden) this.request ??= requestAnimationFrame(this.frame);
  }

  frame(now) {
    this.request = null;
    if (this.clock.tick(now, this.run.end)) this.owner.over();
    if (this.paused && this.clock.following) this.stand();
    this.draw();
    this.wake();
  }

  draw() {
    const { stage, scene, clock, run } = this;
    if (!stage.w || !this.timeline.x) return;
    const moving = clock.moving;
    const t = moving && stage.reduced ? Math.floor(clock.t / REDUCED_FRAME) * REDUCED_FRAME : clock.t;
    const state = run.at(t);
    stage.packets.begin();
    scene.draw(this.sheet, state, t);
    stage.packets.end();
    const [tone, name] = scene.badge(state);
    set(this.badge, 'class', `k-badge tone-${tone}`);
    label(this.badge, name);
    const sentence = scene.say(state, t);
    this.narrator.say(sentence);
    set(stage.root, 'aria-label', `${scene.title}. ${sentence}`);
    this.timeline.at(Math.min(t, this.timeline.end), scene.value(state, t), `${fmt(t)} с, ${name.toLowerCase()}`);
    this.transport.moving(moving);
    this.transport.live.hidden = !clock.live || clock.following || this.held;
    this.log.draw(run, t);
    this.owner.time(t);
  }
}
