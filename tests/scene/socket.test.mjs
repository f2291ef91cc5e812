import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RunSocket } from '../../static/src/socket.js';

/** A world of its own: lines that the test opens and cuts, and timers that the test lets pass. */
function world() {
  const lines = [];
  const timers = new Set();
  let wake = () => {};
  const self = {
    lines, timers, isOnline: true, isVisible: true,
    open() {
      const line = { sent: [], send: (text) => line.sent.push(JSON.parse(text)), close() {} };
      lines.push(line);
      return line;
    },
    later(run, ms) {
      const timer = { run, ms };
      timers.add(timer);
      return timer;
    },
    cancel: (timer) => timers.delete(timer),
    random: () => 1,
    online: () => self.isOnline,
    visible: () => self.isVisible,
    listen(listener) {
      wake = listener;
      return () => { wake = () => {}; };
    },
    wake: () => wake(),
    get line() { return lines.at(-1); },
    /** Lets the only timer that waits for a new try ring. */
    ring() {
      const [timer] = timers;
      timers.delete(timer);
      timer.run();
      return timer.ms;
    },
    say: (message) => self.line.onmessage({ data: JSON.stringify(message) }),
    cut: (code = 1006) => self.line.onclose({ code }),
  };
  return self;
}

const numbered = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => ({ seq: from + i, t: from + i, kind: 'out' }));

function watch(hear = {}) {
  const outside = world();
  const heard = [];
  const socket = new RunSocket('ws://test/', { events: (events) => heard.push(...events.map((event) => event.seq)), ...hear }, outside);
  outside.line.onopen();
  return { socket, outside, heard };
}

test('it subscribes from the start', () => {
  const { outside } = watch();
  assert.deepEqual(outside.line.sent, [{ type: 'subscribe', after: 0 }]);
});

test('after a cut it goes on from the last event seen', () => {
  const { outside, heard } = watch();
  outside.say({ type: 'events', events: numbered(1, 3) });
  outside.cut();
  outside.ring();
  outside.line.onopen();
  assert.deepEqual(outside.line.sent, [{ type: 'subscribe', after: 3 }]);
  outside.say({ type: 'events', events: numbered(4, 6) });
  assert.deepEqual(heard, [1, 2, 3, 4, 5, 6]);
});

test('repeated events are dropped', () => {
  const { outside, heard } = watch();
  outside.say({ type: 'events', events: numbered(1, 4) });
  outside.say({ type: 'events', events: numbered(3, 5) });
  assert.deepEqual(heard, [1, 2, 3, 4, 5]);
});

test('a gap is not passed on: the line is given up and asked again', () => {
  const { outside, heard } = watch();
  outside.say({ type: 'events', events: [...numbered(1, 2), ...numbered(5, 6)] });
  assert.deepEqual(heard, [1, 2]);
  outside.ring();
  outside.line.onopen();
  assert.deepEqual(outside.line.sent, [{ type: 'subscribe', after: 2 }]);
});

test('the waits between tries double up to ten seconds', () => {
  const { outside } = watch();
  const waits = Array.from({ length: 8 }, () => {
    outside.cut();
    return outside.ring();
  });
  assert.deepEqual(waits, [250, 500, 1000, 2000, 4000, 8000, 10000, 10000]);
});

test('a word from the server makes the next wait short again', () => {
  const { outside } = watch();
  for (let i = 0; i < 4; i++) {
    outside.cut();
    outside.ring();
  }
  outside.line.onopen();
  outside.say({ type: 'pong' });
  outside.cut();
  assert.equal(outside.ring(), 250);
});

test('offline it waits for the network instead of trying', () => {
  const { outside } = watch();
  outside.isOnline = false;
  outside.cut();
  assert.equal(outside.lines.length, 1);
  outside.isOnline = true;
  outside.wake();
  assert.equal(outside.lines.length, 2);
});

test('a lost network is noticed at once, without waiting for silence', () => {
  const words = [];
  const { outside } = watch({ line: (word) => words.push(word) });
  outside.isOnline = false;
  outside.wake();
  assert.equal(words.at(-1), 'waiting');
});

test('out of sight it waits for the reader', () => {
  const { outside } = watch();
  outside.isVisible = false;
  outside.cut();
  assert.equal(outside.timers.size, 0);
  outside.isVisible = true;
  outside.wake();
  assert.equal(outside.lines.length, 2);
});

test('a new attempt starts the log over', () => {
  const resets = [];
  const { outside, heard } = watch({ reset: (message) => resets.push(message.attempt) });
  outside.say({ type: 'events', events: numbered(1, 3) });
  outside.say({ type: 'reset', attempt: 2 });
  outside.say({ type: 'events', events: numbered(1, 2) });
  assert.deepEqual([resets, heard], [[2], [1, 2, 3, 1, 2]]);
});

test('a control that was not acknowledged is sent again on the new line', () => {
  const { socket, outside } = watch();
  socket.control({ op: 'set', name: 'rps', value: 3 });
  outside.cut();
  outside.ring();
  outside.line.onopen();
  assert.deepEqual(outside.line.sent.at(-1), { type: 'control', ref: 1, message: { op: 'set', name: 'rps', value: 3 } });
});

test('of values set while the line was down only the last is sent', () => {
  const { socket, outside } = watch();
  outside.cut();
  for (const value of [1, 2, 3]) socket.control({ op: 'set', name: 'rps', value });
  outside.ring();
  outside.line.onopen();
  assert.deepEqual(outside.line.sent.slice(1).map((one) => one.message.value), [3]);
});

test('an acknowledged control is not repeated', () => {
  const { socket, outside } = watch();
  socket.control({ op: 'pause' });
  outside.say({ type: 'ack', ref: 1 });
  outside.cut();
  outside.ring();
  outside.line.onopen();
  assert.equal(outside.line.sent.length, 1);
});

test('a silent line is asked, then given up', () => {
  const { outside } = watch();
  outside.ring();
  assert.deepEqual(outside.line.sent.at(-1), { type: 'ping' });
  outside.ring();
  outside.ring();
  assert.equal(outside.lines.length, 2);
});

test('the end closes the line for good', () => {
  const ends = [];
  const { outside } = watch({ end: (message) => ends.push(message.state) });
  outside.say({ type: 'end', state: 'finished', last: 3 });
  outside.cut(1000);
  outside.wake();
  assert.deepEqual([ends, outside.lines.length, outside.timers.size], [['finished'], 1, 0]);
});

test('a run that does not exist is not asked for again', () => {
  const errors = [];
  const { outside } = watch({ error: (message) => errors.push(message.code) });
  outside.cut(4404);
  assert.deepEqual([errors, outside.lines.length, outside.timers.size], [['4404'], 1, 0]);
});

test('a server that cannot read the log says so, and it is told when it can again', () => {
  const said = [];
  const { outside } = watch({ line: (word) => said.push(word), error: () => said.push('error') });
  outside.say({ type: 'error', code: 'away', message: '…' });
  outside.say({ type: 'state', state: 'running', attempt: 1 });
  assert.deepEqual(said, ['connecting', 'open', 'away', 'open']);
});

test('a subscription that could not be looked up is no end: the close that follows brings another try', () => {
  const said = [];
  const { outside } = watch({ error: () => said.push('error') });
  outside.say({ type: 'error', code: 'unavailable', message: '…' });
  outside.cut(1013);
  outside.ring();
  outside.line.onopen();
  assert.deepEqual(said, []);
  assert.equal(outside.lines.length, 2);
});
