/**
 * What travels between nodes. Colour never stands alone: every kind has its shape.
 * Up to CROWD packets are SVG (crisp, themed by CSS); above that one canvas is cheaper.
 */
import { html, set, svg } from './elements.js';

export const SHAPES = { request: 'dot', ok: 'dot', fail: 'diamond', reject: 'square', probe: 'ring' };

const GLYPHS = {
  dot: ['circle', { r: 6.5 }],
  diamond: ['path', { d: 'M0-8 8 0 0 8-8 0z' }],
  square: ['rect', { x: -5.5, y: -5.5, width: 11, height: 11, rx: 2 }],
  ring: ['circle', { r: 6 }],
};

const CROWD = 100;
const CALM = 80; // back to SVG below this, so that the layers do not flicker around the bound

/** The sign of a kind, for a layer or a legend. */
export function glyph(parent, kind) {
  const [tag, attributes] = GLYPHS[SHAPES[kind]];
  return svg(parent, tag, { ...attributes, class: `p-${kind}` });
}

/** One frame's packets, put on whichever layer suits their number. */
export class Packets {
  constructor(svgParent, canvasParent) {
    this.svg = new SvgLayer(svgParent);
    this.canvas = new CanvasLayer(canvasParent);
    this.crowded = false;
    this.list = [];
  }

  size(width, height) {
    this.canvas.size(width, height);
  }

  /** The colours changed. */
  theme() {
    this.canvas.colours = null;
  }

  begin() {
    this.list.length = 0;
  }

  put(kind, x, y, opacity = 1) {
    this.list.push(kind, x, y, opacity);
  }

  end() {
    const many = this.list.length / 4;
    const before = this.crowded;
    if (many > CROWD) this.crowded = true;
    else if (many < CALM) this.crowded = false;
    if (before !== this.crowded) (before ? this.canvas : this.svg).draw([]);
    (this.crowded ? this.canvas : this.svg).draw(this.list);
  }
}

/** A pool of elements a kind: class and shape never change, only the place and the opacity do. */
class SvgLayer {
  constructor(parent) {
    this.group = svg(parent, 'g', { class: 'k-packets' });
    this.pools = new Map(Object.keys(SHAPES).map((kind) => [kind, { elements: [], used: 0, shown: 0 }]));
  }

  draw(list) {
    for (const pool of this.pools.values()) pool.used = 0;
    for (let i = 0; i < list.length; i += 4) this.place(list[i], list[i + 1], list[i + 2], list[i + 3]);
    for (const pool of this.pools.values()) {
      for (let i = pool.used; i < pool.shown; i++) set(pool.elements[i], 'display', 'none');
      pool.shown = pool.used;
    }
  }

  place(kind, x, y, opacity) {
    const pool = this.pools.get(kind);
    const element = pool.elements[pool.used] ?? (pool.elements[pool.used] = glyph(this.group, kind));
    pool.used += 1;
    element.setAttribute('transform', `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    set(element, 'opacity', Math.round(opacity * 10) / 10);
    set(element, 'display', 'inline');
  }
}

class CanvasLayer {
  constructor(parent) {
    this.element = html(parent, 'canvas', { class: 'k-canvas', 'aria-hidden': 'true' });
    this.context = this.element.getContext('2d');
    this.colours = null;
  }

  size(width, height) {
    this.ratio = globalThis.devicePixelRatio || 1;
    this.width = width;
    this.height = height;
    this.element.width = Math.round(width * this.ratio);
    this.element.height = Math.round(height * this.ratio);
  }

  readColours() {
    // A variable may still hold light-dark(…), which a canvas does not know; a computed colour is resolved.
    const resolved = (name) => {
      this.element.style.color = `var(${name})`;
      return getComputedStyle(this.element).color;
    };
    this.colours = { card: resolved('--card') };
    for (const kind in SHAPES) this.colours[kind] = resolved(`--p-${kind}`);
  }

  draw(list) {
    const { context } = this;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    if (!list.length) return;
    if (!this.colours) this.readColours();
    for (let i = 0; i < list.length; i += 4) this.place(list[i], list[i + 1], list[i + 2], list[i + 3]);
    context.globalAlpha = 1;
  }

  place(kind, x, y, opacity) {
    const { context } = this;
    context.globalAlpha = opacity;
    context.fillStyle = context.strokeStyle = this.colours[kind];
    context.beginPath();
    switch (SHAPES[kind]) {
      case 'square':
        context.roundRect(x - 5.5, y - 5.5, 11, 11, 2);
        break;
      case 'diamond':
        context.moveTo(x, y - 8);
        context.lineTo(x + 8, y);
        context.lineTo(x, y + 8);
        context.lineTo(x - 8, y);
        context.closePath();
        break;
      case 'ring':
        context.arc(x, y, 6, 0, 7);
        context.lineWidth = 3;
        context.fillStyle = this.colours.card;
        context.fill();
        context.stroke();
        return;
      default:
        context.arc(x, y, 6.5, 0, 7);
    }
    context.fill();
  }
}
