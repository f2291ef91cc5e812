/** What a term means, beside it: on hover, on focus, at the first tap (the second follows the link to the glossary). */
import { h } from './reader.js';

const DELAY = 250; // ms of hovering: a pointer that only passes by opens nothing

let shown = null;
let timer = 0;

function close() {
  clearTimeout(timer);
  shown?.note.remove();
  shown?.term.removeAttribute('aria-describedby');
  shown = null;
}

function open(term) {
  if (shown?.term === term) return;
  close();
  const note = h('div', { class: 'term-note', id: 'term-note', role: 'tooltip' }, term.dataset.term);
  document.body.append(note);
  const line = term.getClientRects()[0] ?? term.getBoundingClientRect();
  const below = line.bottom + note.offsetHeight + 8 < innerHeight || line.top < note.offsetHeight + 8;
  note.style.left = `${Math.max(16, Math.min(line.left, innerWidth - note.offsetWidth - 16)) + scrollX}px`;
  note.style.top = `${(below ? line.bottom + 6 : line.top - note.offsetHeight - 6) + scrollY}px`;
  term.setAttribute('aria-describedby', 'term-note');
  shown = { term, note };
}

const of = (event) => event.target.closest?.('.term');

document.addEventListener('pointerover', (event) => {
  if (event.pointerType === 'touch') return;
  const term = of(event);
  clearTimeout(timer);
  if (term) timer = setTimeout(open, DELAY, term);
  else if (!event.target.closest('.term-note')) close();
});
document.addEventListener('focusin', (event) => of(event)?.matches(':focus-visible') && open(of(event)));
document.addEventListener('focusout', (event) => of(event) && close());
document.addEventListener('keydown', (event) => event.key === 'Escape' && close());
document.addEventListener('click', (event) => {
  const term = of(event);
  if (!term) return close();
  const touched = event.pointerType === 'touch' || event.pointerType === 'pen';
  if (touched && shown?.term !== term) {
    event.preventDefault();
    open(term);
  }
  return undefined;
});
