/**
 * Elements with cached writes: an attribute or a text that has not changed costs no DOM write,
 * so `draw` may say everything anew on every frame.
 */
const SVG = 'http://www.w3.org/2000/svg';
const written = new WeakMap();

/** Makes an SVG element inside `parent`. */
export function svg(parent, tag, attributes = {}, text = null) {
  const element = document.createElementNS(SVG, tag);
  for (const name in attributes) set(element, name, attributes[name]);
  if (text !== null) label(element, text);
  parent?.append(element);
  return element;
}

/** Makes an HTML element inside `parent`; values that are not strings become properties. */
export function html(parent, tag, attributes = {}, text = null) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'string') element.setAttribute(name, value);
    else element[name] = value;
  }
  if (text !== null) element.textContent = text;
  parent?.append(element);
  return element;
}

/** Writes an attribute if it has changed. */
export function set(element, name, value) {
  let cache = written.get(element);
  if (!cache) written.set(element, cache = {});
  if (cache[name] === value) return;
  cache[name] = value;
  element.setAttribute(name, value);
}

/** Writes the text if it has changed. */
export function label(element, text) {
  let cache = written.get(element);
  if (!cache) written.set(element, cache = {});
  if (cache['#text'] === text) return;
  cache['#text'] = text;
  element.textContent = text;
}

/** Takes an event listener's life in hand: returns the function that removes it. */
export function on(target, type, listener, options) {
  target.addEventListener(type, listener, options);
  return () => target.removeEventListener(type, listener, options);
}
