/** What the shapes mean. Drawn with the same glyphs as the packets. */
import { html, svg } from './elements.js';
import { glyph } from './packets.js';

export function legend(host, entries) {
  const list = html(host, 'ul', { class: 'k-legend', 'aria-label': 'Обозначения' });
  for (const [kind, words] of entries) {
    const item = html(list, 'li');
    const sign = svg(item, 'svg', { viewBox: '-10 -10 20 20', width: 16, height: 16, 'aria-hidden': 'true', class: 'k-packets' });
    glyph(sign, kind);
    item.append(words);
  }
  return list;
}
