/**
 * A run as the scene sees it: the log so far, and the state at any moment of it.
 * State = the nearest earlier snapshot + replay, so a seek costs at most `every` events.
 */
export class Run {
  constructor(scene, every = 256) {
    this.scene = scene;
    this.every = every;
    this.clear();
  }

  /** Forgets the log: another run, or another attempt at this one. */
  clear() {
    this.events = [];
    this.steered = [];
    this.end = 0;
    this.firsts = new Map(); // kind → its first event
    this.snapshots = [{ applied: 0, state: this.scene.initial() }];
    this.restore(this.snapshots[0]);
  }

  restore(snapshot) {
    this.state = structuredClone(snapshot.state);
    this.applied = snapshot.applied;
  }

  /** Appends events in the order of the log; time never runs backwards. */
  push(events) {
    for (const event of events) {
      this.events.push(event);
      if (event.kind === 'control.set' || event.kind === 'run.started') this.steered.push(event);
      if (!this.firsts.has(event.kind)) this.firsts.set(event.kind, event);
      if (event.t > this.end) this.end = event.t;
    }
  }

  get last() {
    return this.events.at(-1)?.seq ?? 0;
  }

  isFirst(event) {
    return this.firsts.get(event.kind) === event;
  }

  /** Is this a moment to jump to? The scene says; a check's failure is one in every scene. */
  key(event) {
    return event.kind === 'case.failed' || this.scene.key(event, this);
  }

  /** How many events have happened by the moment `t` (inclusive). */
  count(t) {
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.events[middle].t <= t) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The state at `t`. It belongs to the run: read it, do not keep it. */
  at(t) {
    return this.after(this.count(t));
  }

  /** The state after the first `count` events. */
  after(count) {
    if (count < this.applied) {
      this.restore(this.snapshots.findLast((snapshot) => snapshot.applied <= count));
    }
    while (this.applied < count) {
      this.state = this.scene.reduce(this.state, this.events[this.applied]) ?? this.state;
      this.applied += 1;
      if (this.applied % this.every === 0 && this.snapshots.at(-1).applied < this.applied) {
        this.snapshots.push({ applied: this.applied, state: structuredClone(this.state) });
      }
    }
    return this.state;
  }

  /** How the controls came to stand as they do at `t`: the run's beginning and every move up to then. */
  moves(t) {
    return this.steered.filter((event) => event.t <= t);
  }

  /** The key moment after `t`, or null. */
  next(t) {
    return this.events.find((event) => event.t > t + 0.01 && this.key(event))?.t ?? null;
  }

  /** The key moment before `t`, or null. */
  previous(t) {
    return this.events.findLast((event) => event.t < t - 0.05 && this.key(event))?.t ?? null;
  }

  /**
   * The inputs that would bring another run to the moment `t`: seed, first controls, script of `[t, name, value]`.
   * What the story moved is not among them: the scenario moves it again.
   */
  inputs(t) {
    const started = this.events.find((event) => event.kind === 'run.started');
    const script = this.events
      .filter((event) => event.kind === 'control.set' && event.by !== 'story' && event.t <= t)
      .map((event) => [event.t, event.name, event.value]);
    return { seed: started?.seed, controls: started?.controls ?? {}, script };
  }
}
