/**
 * Where the viewer is in a run, and where the run itself is. No DOM: `tick(now)` is all it needs.
 *
 * Replay moves `t` by the viewer's own speed. Following keeps `t` at the live edge: events come in
 * batches, so the edge is estimated between them from the wall clock, and never runs more than
 * SLACK seconds past the last event.
 */
const SLACK = 1;
const LONGEST_FRAME = 0.1; // seconds; a sleeping tab must not make the playhead jump

/** The run's own time, estimated on this side of the wire. */
export class Edge {
  constructor() {
    this.speed = 1;
    this.offset = null; // run's time − wall time × speed
    this.frozen = null;
  }

  /** An event of time `t` arrived at wall time `now` (milliseconds). */
  arrived(t, now) {
    const offset = t - (now / 1000) * this.speed;
    if (this.offset === null || offset > this.offset) this.offset = offset;
    else this.offset += (offset - this.offset) * 0.05; // late by the network: follow slowly
    if (this.frozen !== null) this.frozen = Math.max(this.frozen, t);
  }

  setSpeed(speed, now) {
    if (this.offset !== null) this.offset += (now / 1000) * (this.speed - speed);
    this.speed = speed;
  }

  pause(end) {
    this.frozen = end;
  }

  resume(now) {
    if (this.frozen !== null) this.offset = this.frozen - (now / 1000) * this.speed;
    this.frozen = null;
  }

  at(now, end) {
    if (this.frozen !== null) return Math.max(this.frozen, end);
    if (this.offset === null) return end;
    return Math.min((now / 1000) * this.speed + this.offset, end + SLACK * this.speed);
  }
}

export class Clock {
  constructor() {
    this.t = 0;
    this.speed = 1;
    this.playing = false;
    this.live = false; // the run is still being made
    this.following = false; // and we stand at its edge
    this.edge = new Edge();
    this.last = null;
  }

  get moving() {
    return this.playing || (this.live && this.following);
  }

  /** Advances to wall time `now` (milliseconds) in a run that has events up to `end`; true when it stopped at the end. */
  tick(now, end) {
    const passed = this.last === null ? 0 : Math.min(LONGEST_FRAME, (now - this.last) / 1000);
    this.last = now;
    if (this.live && this.following) {
      this.t = Math.max(this.t, this.edge.at(now, end));
      return false;
    }
    if (!this.playing) return false;
    this.t += passed * this.speed;
    if (this.t < end) return false;
    this.t = end;
    if (this.live) this.following = true; // caught up with the run
    this.playing = false;
    return !this.live;
  }

  seek(t, end) {
    this.t = Math.min(Math.max(t, 0), end);
    this.following = false;
    this.playing = false;
    this.last = null;
  }

  play(end) {
    if (this.t >= end) this.t = 0;
    this.playing = true;
    this.last = null;
  }

  pause() {
    this.playing = false;
    this.following = false;
  }

  follow() {
    this.playing = false;
    this.following = true;
    this.last = null;
  }
}
