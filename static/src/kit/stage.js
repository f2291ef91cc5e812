/**
 * The picture: nodes, tubes between them, gauges, cells, texts. A scene builds it in `layout`
 * (once a size) and keeps the handles; `draw` only calls them. Nothing here reads layout.
 */
import { html, label, set, svg } from './elements.js';
import { ICONS } from './icons.js';
import { clamp, lerp } from './numbers.js';
import { Packets, glyph } from './packets.js';

export class Stage {
  constructor(host) {
    this.box = html(host, 'div', { class: 'k-stage' });
    this.root = svg(this.box, 'svg', { class: 'k-svg', role: 'img' });
    this.under = svg(this.root, 'g');
    this.packets = new Packets(this.root, this.box);
    this.mid = svg(this.root, 'g');
    this.over = svg(this.root, 'g');
    this.reduced = false; // the reader asked for less motion
    this.w = 0;
  }

  /**
   * Clears the picture for a new size in CSS pixels; returns the sheet that a scene builds it on and keeps its
   * handles on. A new one each time: a handle may be called like the method that made it.
   */
  size(width, height) {
    this.w = width;
    this.h = height;
    this.vertical = width < 560;
    set(this.root, 'viewBox', `0 0 ${width} ${height}`);
    set(this.root, 'height', height);
    this.packets.size(width, height);
    for (const layer of [this.under, this.mid, this.over]) layer.replaceChildren();
    this.links = {};
    this.pulses = new Map();
    return Object.create(this);
  }

  /** Any SVG element, for what only this scene has. */
  shape(tag, attributes, parent = this.mid) {
    return svg(parent, tag, attributes);
  }

  set(element, name, value) {
    set(element, name, value);
  }

  /** A text to be written with the function returned. */
  text(x, y, kind = 'k-sub', parent = this.over) {
    const element = svg(parent, 'text', { x, y, class: kind });
    return (string) => label(element, string);
  }

  /** Counters beside the signs of packets: one number a kind. */
  tally(x, y, kinds, step) {
    const group = svg(this.over, 'g', { transform: `translate(${x} ${y})` });
    const numbers = kinds.map((kind, i) => {
      const sign = svg(group, 'g', { class: 'k-packets', transform: `translate(${i * step + 7} -5) scale(0.85)` });
      glyph(sign, kind);
      return svg(group, 'text', { class: 'k-body', x: i * step + 17, y: 0 });
    });
    return (values) => numbers.forEach((number, i) => label(number, String(values[i])));
  }

  /** A box with an icon and a title, and a note beside (`right`) or below it. */
  node({ x, y, w = 156, h = 96, icon, title, note = 'below' }) {
    const group = svg(this.mid, 'g', { class: 'k-node', transform: `translate(${x} ${y})` });
    const [left, top] = [-w / 2, -h / 2];
    const low = h < 80;
    svg(group, 'rect', { class: 'k-shadow', x: left + 4, y: top + 4, width: w, height: h, rx: 14 });
    svg(group, 'rect', { class: 'k-box', x: left, y: top, width: w, height: h, rx: 14 });
    svg(group, 'path', { class: 'k-icon', d: ICONS[icon], transform: `translate(${left + 14} ${top + (low ? 8 : 13)})` });
    svg(group, 'text', { class: 'k-title', x: left + 48, y: top + (low ? 25 : 31) }, title);
    const noteLine = note === 'right'
      ? svg(group, 'text', { class: 'k-sub k-left', x: w / 2 + 18, y: 5 })
      : svg(group, 'text', { class: 'k-sub', y: h / 2 + 25 });
    return {
      x, y, w, h,
      note: (string) => label(noteLine, string),
      tone: (tone) => set(group, 'class', `k-node tone-${tone}`),
    };
  }

  /** A tube with two lanes between boxes {w, h} or circles {r}, trimmed to their edges; side 1 there, −1 back. */
  link(name, from, to, lane = 10) {
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    const ux = (to.x - from.x) / length;
    const uy = (to.y - from.y) / length;
    const start = edge(from, ux, uy) - 12;
    const span = length - start - (edge(to, ux, uy) - 12);
    const x0 = from.x + ux * start;
    const y0 = from.y + uy * start;
    const line = { x1: x0, y1: y0, x2: x0 + ux * span, y2: y0 + uy * span };
    for (const kind of ['k-tube', 'k-tube-in', 'k-lane']) svg(this.under, 'line', { class: kind, ...line });
    const at = (part, side) => {
      const along = span * (side > 0 ? part : 1 - part);
      return [x0 + ux * along + uy * lane * side, y0 + uy * along - ux * lane * side];
    };
    this.links[name] = { at, span };
  }

  /** A packet `part` (0…1) of its way along a link. */
  packet(link, part, kind, side = 1, opacity = 1) {
    const [x, y] = this.links[link].at(part, side);
    this.packets.put(kind, x, y, opacity);
  }

  /** A round node with a ring that shows a part of the whole: `ring(part, tone)`. */
  disc({ x, y, r }) {
    svg(this.mid, 'circle', { class: 'k-shadow', cx: x + 4, cy: y + 4, r: r + 5 });
    svg(this.mid, 'circle', { class: 'k-hub', cx: x, cy: y, r: r + 5 });
    return { x, y, r, ring: this.gauge(x, y, r - 3) };
  }

  /** A knife switch `half` wide to each side; the function returned turns it: `(degrees, tone)`. */
  lever(x, y, half) {
    const group = svg(this.over, 'g', { class: 'k-switch', transform: `translate(${x} ${y})` });
    svg(group, 'path', { class: 'k-wire', d: `M${-half} 0h${half - 22}M22 0h${half - 22}` });
    const blade = svg(group, 'line', { x1: -22, x2: 22 });
    for (const cx of [-22, 22]) svg(group, 'circle', { cx, r: 5 });
    return (degrees, tone) => {
      set(blade, 'class', `k-lever tone-${tone}`);
      set(blade, 'transform', `rotate(${degrees.toFixed(1)} -22 0)`);
    };
  }

  /** A ring that shows a part of the whole. */
  gauge(x, y, r) {
    const around = 2 * Math.PI * r;
    const group = svg(this.mid, 'g', { transform: `translate(${x} ${y}) rotate(-90)` });
    svg(group, 'circle', { class: 'k-ring-bg', r });
    const arc = svg(group, 'circle', { class: 'k-ring', r, 'stroke-dasharray': `0 ${around}` });
    return (part, tone) => {
      set(arc, 'stroke-dasharray', `${(clamp(part) * around).toFixed(1)} ${around.toFixed(1)}`);
      set(arc, 'class', `k-ring tone-${tone}`);
    };
  }

  /** A row of up to `most` cells; the function returned takes one kind a cell, and their number may change. */
  cells(x, y, most, { size = 13, gap = 4, centre = true, per = most } = {}) {
    const group = svg(this.mid, 'g');
    const step = size + gap;
    const cells = Array.from({ length: most }, (_, i) => svg(group, 'rect', {
      class: 'k-cell', x: (i % per) * step, y: Math.floor(i / per) * step, width: size, height: size, rx: 3,
    }));
    return (kinds) => {
      const width = Math.min(kinds.length, per) * step - gap;
      set(group, 'transform', `translate(${centre ? x - width / 2 : x} ${y})`);
      cells.forEach((cell, i) => {
        set(cell, 'display', i < kinds.length ? 'inline' : 'none');
        if (i < kinds.length) set(cell, 'class', `k-cell c-${kinds[i]}`);
      });
    };
  }

  /** A ring that spreads from r0 to r1 and fades while `part` goes 0…1: an impact, a change of state. */
  pulse(name, x, y, r0, r1, part, tone) {
    let ring = this.pulses.get(name);
    if (!ring) this.pulses.set(name, ring = svg(this.over, 'circle', { class: 'k-pulse' }));
    const shown = part >= 0 && part <= 1 && !this.reduced;
    set(ring, 'display', shown ? 'inline' : 'none');
    if (!shown) return;
    set(ring, 'class', `k-pulse tone-${tone}`);
    set(ring, 'cx', x);
    set(ring, 'cy', y);
    set(ring, 'r', lerp(r0, r1, 1 - (1 - part) ** 2).toFixed(1));
    set(ring, 'opacity', (1 - part).toFixed(2));
  }
}

/** Distance from a node's centre to its edge in the direction (ux, uy). */
function edge(node, ux, uy) {
  if (node.r) return node.r;
  return Math.abs(ux) > Math.abs(uy) ? node.w / 2 / Math.abs(ux) : node.h / 2 / Math.abs(uy);
}
