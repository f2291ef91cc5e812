/**
 * Just enough of a document for the kit to draw on in node: elements that remember what was written on them,
 * and complain about what no browser would show. What it looks like is judged in a real browser.
 */
const BROKEN = /NaN|undefined|\[object|Infinity|null/;

class Element {
  constructor(tag) {
    this.tag = tag;
    this.children = [];
    this.attributes = {};
    this.style = {};
    this.classList = { add() {}, remove() {}, toggle() {} };
  }

  setAttribute(name, value) {
    if (BROKEN.test(String(value))) throw new Error(`<${this.tag}> gets ${name}="${value}"`);
    this.attributes[name] = String(value);
  }

  removeAttribute(name) {
    delete this.attributes[name];
  }

  set textContent(text) {
    if (typeof text !== 'string' && typeof text !== 'number') throw new Error(`<${this.tag}> gets a text that is ${text}`);
    if (BROKEN.test(String(text))) throw new Error(`<${this.tag}> says «${text}»`);
    this.text = String(text);
  }

  append(...children) {
    this.children.push(...children);
  }

  replaceChildren(...children) {
    this.children = children;
  }

  addEventListener() {}

  getContext() {
    const nothing = () => {};
    return new Proxy({}, { get: (own, name) => own[name] ?? nothing, set: (own, name, value) => Reflect.set(own, name, value) });
  }

  /** Everything said on this element and below it. */
  words() {
    return [this.text, ...this.children.flatMap((child) => child.words?.() ?? [])].filter(Boolean);
  }
}

/** Makes `document` a sheet of paper; returns an element to draw on. */
export function paper() {
  globalThis.document = { createElement: (tag) => new Element(tag), createElementNS: (_, tag) => new Element(tag) };
  globalThis.getComputedStyle = () => ({ color: '#000' });
  return new Element('div');
}
