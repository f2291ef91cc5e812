/**
 * The whole run on one time axis: the band of states (it is the scrubber's track), the chart,
 * the strip of outcomes, the flags of key moments, and the playhead over them.
 *
 * `data` is called when events arrive, `at` on every frame; only `at` must be quick.
 */
import { html, label, set, svg } from './elements.js';
import { fmt, linear } from './numbers.js';

const STEPS = [1, 2, 5, 10, 20, 30, 60, 120, 300];
const LETTER = 6.7; // width of a 12 px letter, on average: labels are fitted without reading layout

export class Timeline {
  constructor(host, chart, onSeek) {
    this.chart = chart;
    this.box = html(host, 'div', { class: 'k-timeline' });
    this.root = svg(this.box, 'svg', { class: 'k-svg', 'aria-hidden': 'true' });
    this.range = html(this.box, 'input', {
      type: 'range', min: '0', max: '1', step: '0.05', value: '0', class: 'k-range', 'aria-label': 'Время прогона',
    });
    this.clock = html(this.box, 'span', { class: 'k-clock', 'aria-hidden': 'true' });
    this.range.addEventListener('input', () => onSeek(Number(this.range.value)));
  }

  size(width) {
    const low = this.low = width < 560;
    this.w = width;
    this.left = low ? 34 : 46;
    this.right = width - 10;
    this.band = 47; // the states' band
    this.top = 60;
    this.bottom = this.top + (low ? 44 : 84);
    this.strip = this.bottom + 8;
    this.stripHeight = low ? 20 : 28;
    this.flags = this.strip + this.stripHeight + 15;
    this.h = this.flags + 22;
    const { root, left, right, top, bottom } = this;
    set(root, 'viewBox', `0 0 ${width} ${this.h}`);
    set(root, 'height', this.h);
    root.replaceChildren();
    this.range.style.cssText = `left:${left - 9}px;width:${right - left + 18}px;top:${this.band - 14}px;height:${this.flags - this.band}px`;
    svg(root, 'text', { class: 'k-cap', x: 0, y: 14 }, this.chart.label);
    this.bands = svg(root, 'g');
    this.axis = svg(root, 'g');
    this.area = svg(root, 'path', { class: 'k-area' });
    this.line = svg(root, 'path', { class: 'k-line' });
    this.bound = svg(root, 'path', { class: 'k-bound' });
    const stripBottom = this.strip + this.stripHeight;
    svg(root, 'text', { class: 'k-tick k-end', x: left - 8, y: stripBottom - 6 }, low ? '' : 'исход');
    this.bars = svg(root, 'g');
    this.guess = svg(root, 'path', { class: 'k-guess' });
    this.future = svg(root, 'rect', { class: 'k-future', y: top - 1, height: stripBottom - top + 2 });
    this.boundText = svg(root, 'text', { class: 'k-bound-t' });
    this.guessText = svg(root, 'text', { class: 'k-guess-t k-end' });
    this.marks = svg(root, 'g');
    this.dot = svg(root, 'circle', { class: 'k-dot', r: 5 });
    this.edge = svg(root, 'circle', { class: 'k-edge', r: 5, cy: this.band, display: 'none' });
    this.head = svg(root, 'g', { class: 'k-head' });
    svg(this.head, 'line', { y1: this.band, y2: stripBottom });
    svg(this.head, 'circle', { cy: this.band, r: 9 });
  }

  /** Everything that depends on the whole run; `end` is how far the axis goes, `edge` where a live run is. */
  data({ series, bound, bands, bars, marks, end, edge = null, high, guess = null }) {
    const { left, right, top, bottom } = this;
    this.end = end;
    this.x = linear(0, end, left, right);
    this.y = linear(0, high, bottom, top + 6);
    this.range.max = String(end);
    this.drawAxis(high);
    this.drawBands(bands);
    this.drawSeries(series);
    this.drawBound(bound);
    this.drawGuess(guess);
    this.drawBars(bars, edge ?? end);
    this.drawMarks(marks);
    set(this.edge, 'display', edge === null ? 'none' : 'inline');
    if (edge !== null) set(this.edge, 'cx', this.x(edge).toFixed(1));
  }

  drawAxis(high) {
    const { axis, left, right, x, y, end } = this;
    axis.replaceChildren();
    for (const value of [0, high]) {
      svg(axis, 'line', { class: 'k-grid', x1: left, x2: right, y1: y(value), y2: y(value) });
      svg(axis, 'text', { class: 'k-tick k-end', x: left - 8, y: y(value) + 4 }, value + (this.chart.unit ?? ''));
    }
    const step = STEPS.find((one) => end / one <= this.w / 62) ?? 600;
    const last = Math.floor(end / step + 0.1) * step;
    for (let t = 0; t <= last; t += step) {
      const final = t === last;
      svg(axis, 'text', {
        class: `k-tick ${final ? 'k-end' : 'k-mid'}`, x: Math.min(x(t) + (final ? 10 : 0), right), y: this.h - 3,
      }, final ? `${t}\u00a0с` : t);
    }
  }

  drawBands(bands) {
    this.bands.replaceChildren();
    for (const { from, to, kind, label: name } of bands) {
      const start = this.x(from);
      const width = this.x(to) - start;
      svg(this.bands, 'rect', { class: `k-band b-${kind}`, x: start, y: this.top - 6, width, height: this.bottom - this.top + 6 });
      svg(this.bands, 'rect', {
        class: `k-bar-t b-${kind}`, x: start + 1, y: this.band - 3, width: Math.max(1.5, width - 2), height: 6, rx: 3,
      });
      if (width > name.length * LETTER + 6) {
        svg(this.bands, 'text', { class: `k-band-t b-${kind}`, x: start + width / 2, y: this.band - 14 }, name);
      }
    }
  }

  /** The measured line; `null` breaks it, so nothing is drawn where nothing was measured. */
  drawSeries(series) {
    const pieces = [[]];
    for (const [t, value] of series) {
      if (value === null) pieces.push([]);
      else pieces.at(-1).push(`${this.x(t).toFixed(1)} ${this.y(value).toFixed(1)}`);
    }
    const drawn = pieces.filter((piece) => piece.length);
    set(this.line, 'd', drawn.map((piece) => `M${piece.join('L')}`).join(''));
    set(this.area, 'd', drawn.map((piece) => {
      const first = piece[0].split(' ')[0];
      const final = piece.at(-1).split(' ')[0];
      return `M${first} ${this.bottom}L${piece.join('L')}L${final} ${this.bottom}Z`;
    }).join(''));
  }

  /** The threshold: [[t, value], …] steps, because a control may move it. */
  drawBound(bound) {
    for (const part of [this.bound, this.boundText]) set(part, 'display', bound.length ? 'inline' : 'none');
    if (!bound.length) return;
    let d = `M${this.left} ${this.y(bound[0][1])}`;
    for (const [t, value] of bound) d += `H${this.x(t).toFixed(1)}V${this.y(value).toFixed(1)}`;
    set(this.bound, 'd', `${d}H${this.right}`);
    const value = bound[0][1];
    label(this.boundText, this.chart.bound(value));
    set(this.boundText, 'x', this.low ? this.right - 4 : this.left + 5);
    set(this.boundText, 'class', `k-bound-t${this.low ? ' k-end' : ''}`);
    set(this.boundText, 'y', (this.y(value) + (this.y(value) > this.bottom - 16 ? -5 : 14)).toFixed(1)); // off the axis
  }

  /** What the reader predicted, {value, label} in the chart's own unit, over what was measured. */
  drawGuess(guess) {
    for (const part of [this.guess, this.guessText]) set(part, 'display', guess ? 'inline' : 'none');
    if (!guess) return;
    const y = this.y(guess.value).toFixed(1);
    set(this.guess, 'd', `M${this.left} ${y}H${this.right}`);
    label(this.guessText, `${guess.label}: ${String(guess.value).replace('.', ',')}${this.chart.unit ?? ''}`);
    set(this.guessText, 'x', this.right - 4);
    set(this.guessText, 'y', (Number(y) - 6).toFixed(1));
  }

  /** Stacked outcomes; one path a kind keeps it to a handful of elements. */
  drawBars(bars, edge) {
    const width = (this.x(edge) - this.left) / bars.length;
    const totals = bars.map((slice) => slice.reduce((sum, [, count]) => sum + count, 0));
    const most = Math.max(2, ...totals);
    const paths = {};
    bars.forEach((slice, i) => {
      let y = this.strip + this.stripHeight;
      for (const [kind, count] of slice) {
        if (!count) continue;
        // Heights grow as the square root: one burst must not flatten the rest of the run.
        const height = (count / totals[i]) * Math.sqrt(totals[i] / most) * this.stripHeight;
        y -= height;
        const x = this.left + i * width + 0.8;
        paths[kind] = `${paths[kind] ?? ''}M${x.toFixed(1)} ${y.toFixed(1)}h${Math.max(1, width - 1.6).toFixed(1)}v${height.toFixed(1)}h-${Math.max(1, width - 1.6).toFixed(1)}z`;
      }
    });
    this.bars.replaceChildren();
    for (const kind in paths) svg(this.bars, 'path', { class: `c-${kind}`, d: paths[kind] });
  }

  /** Flags in a lane of their own under the strip: the playhead never crosses their words. */
  drawMarks(marks) {
    this.marks.replaceChildren();
    const taken = []; // the first ones have their words, the rest where there is room
    for (const { t, label: long, short, tone } of marks) {
      const name = this.low ? short ?? long : long;
      const x = this.x(t);
      const width = name.length * LETTER;
      // Near the right edge the words stand before their flag.
      const start = x + 8 + width > this.right ? x - 6 - width : x + 8;
      const flag = svg(this.marks, 'g', { class: `k-flag tone-${tone}` });
      svg(flag, 'line', { x1: x, x2: x, y1: this.top - 6, y2: this.flags - 2 });
      svg(flag, 'path', { d: `M${x.toFixed(1)} ${this.flags - 9}l5 3.5-5 3.5z` });
      const end = start + width + 12;
      if (taken.some((other) => start < other.end && end > other.start)) continue;
      svg(flag, 'text', { class: 'k-flag-t', x: start, y: this.flags }, name);
      taken.push({ start, end });
    }
  }

  /** Moves the playhead; `value` null hides the dot on the chart. */
  at(t, value, words) {
    label(this.clock, `${fmt(t)} / ${fmt(this.end)}\u00a0с`);
    const x = this.x(t).toFixed(1);
    set(this.head, 'transform', `translate(${x} 0)`);
    set(this.future, 'x', x);
    set(this.future, 'width', Math.max(0, this.right - x).toFixed(1));
    set(this.dot, 'display', value === null ? 'none' : 'inline');
    if (value !== null) {
      set(this.dot, 'cx', x);
      set(this.dot, 'cy', this.y(value).toFixed(1));
    }
    this.range.value = t;
    set(this.range, 'aria-valuetext', words);
  }
}
