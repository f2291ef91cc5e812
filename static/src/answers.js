/**
 * How each kind of quiz question is answered: `field` to put on the page, `given()` → the answer as plain data or
 * null, `complaint` when there is none yet, `fits(kept)`, and `show(given)` → { right, text }, after which
 * nothing can be changed.
 */
import { amount, choices, mark, rich } from './guess.js';
import { h } from './reader.js';

const outcome = (right, no = 'Нет.') => ({ right, text: right ? 'Верно.' : no });

function options(spec, type) {
  const made = choices(`quiz-${spec.id}`, spec.options, type, 'Варианты ответа');
  const right = spec.options.flatMap((option, n) => (option.right ? [n] : []));
  return {
    field: made.field,
    complaint: 'Выберите ответ.',
    given: () => (made.chosen().length ? made.chosen() : null),
    fits: Array.isArray,
    show(given) {
      mark(made.rows, spec.options, right, given);
      return outcome(right.length === given.length && right.every((n) => given.includes(n)), type === 'checkbox' ? 'Не совсем.' : 'Нет.');
    },
  };
}

function number(spec) {
  const input = h('input', { type: 'text', inputmode: 'decimal', 'aria-label': 'Ваш ответ', style: 'width:8rem' });
  return {
    field: h('div', { class: 'block-foot' }, input, spec.unit ?? ''),
    complaint: 'Нужно число.',
    enter: input,
    given() {
      const text = input.value.trim().replace(/[\s\u00a0]/g, '').replace(',', '.');
      return text === '' || !Number.isFinite(Number(text)) ? null : Number(text);
    },
    fits: Number.isFinite,
    show(given) {
      input.value = Number(given).toLocaleString('ru');
      input.readOnly = true;
      const right = Math.abs(given - spec.answer) <= (spec.tolerance ?? 0);
      return { right, text: `${right ? 'Верно' : 'Нет, верный ответ'}: ${amount(spec.answer, spec.unit)}.` };
    },
  };
}

/** Rows to put in order: by dragging, or by the two buttons of a row. */
function order(spec) {
  const list = h('ol', { class: 'order' });
  const said = h('span', { class: 'vh', 'aria-live': 'polite' });
  const at = (row) => [...list.children].indexOf(row);
  let moved = false;
  const move = (row, by) => {
    const other = list.children[at(row) + by];
    if (!other) return;
    moved = true;
    if (by < 0) other.before(row);
    else other.after(row);
    said.textContent = `Теперь на месте ${at(row) + 1} из ${list.children.length}.`;
  };
  const arrow = (row, by, word, sign) => h('button', {
    type: 'button', class: 'btn quiet', 'aria-label': word, title: word,
    onclick: (event) => { move(row, by); event.currentTarget.focus(); },
  }, sign);
  for (const n of spec.shown) {
    const row = h('li', { 'data-n': n });
    row.append(rich('span', { class: 'what' }, spec.items[n]), h('span', { class: 'arrows' }, arrow(row, -1, 'Выше', '↑'), arrow(row, 1, 'Ниже', '↓')));
    drag(row, list, () => { moved = true; });
    list.append(row);
  }
  const given = () => [...list.children].map((row) => Number(row.dataset.n));
  return {
    field: h('div', {}, list, said),
    complaint: 'Расставьте строки по порядку.',
    given: () => (moved ? given() : null),
    fits: (kept) => Array.isArray(kept) && kept.length === spec.items.length,
    show(answer) {
      list.classList.add('settled');
      const rows = new Map([...list.children].map((row) => [Number(row.dataset.n), row]));
      list.replaceChildren(...answer.map((n) => rows.get(n)).filter(Boolean));
      [...list.children].forEach((row, place) => {
        const own = Number(row.dataset.n);
        row.classList.add(own === place ? 'right' : 'wrong');
        row.querySelector('.arrows').replaceWith(h('span', { class: `mark sign ${own === place ? 'ok' : 'fail'}` }, own === place ? 'на месте' : `место ${own + 1}`));
      });
      return outcome(answer.every((n, place) => n === place), 'Порядок другой.');
    },
  };
}

/** Lets a row be dragged up and down its list with mouse or pen, by any part that is no button. */
function drag(row, list, onMove) {
  row.addEventListener('pointerdown', (down) => {
    // A finger scrolls the page; it has the arrows.
    if (down.button || down.pointerType === 'touch' || down.target.closest('button') || list.classList.contains('settled')) return;
    row.setPointerCapture(down.pointerId);
    row.classList.add('dragged');
    const follow = (event) => {
      const [above, below] = [row.previousElementSibling, row.nextElementSibling];
      const middle = (box) => box.top + box.height / 2;
      // The neighbour moves, not the row: an element taken out of the page loses the captured pointer.
      if (above && event.clientY < middle(above.getBoundingClientRect())) row.after(above);
      else if (below && event.clientY > middle(below.getBoundingClientRect())) row.before(below);
      else return;
      onMove();
    };
    const stop = () => {
      row.classList.remove('dragged');
      row.removeEventListener('pointermove', follow);
    };
    row.addEventListener('pointermove', follow);
    row.addEventListener('lostpointercapture', stop, { once: true });
  });
}

/** Code whose faulty line is to be pressed. */
function line(spec) {
  let chosen = null;
  const rows = spec.code.map((html, n) => {
    const input = h('input', { type: 'radio', name: `quiz-${spec.id}`, value: n + 1, 'aria-label': `Строка ${n + 1}`, onchange: () => { chosen = n + 1; } });
    return h('label', { class: 'code-line' }, input, h('span', { class: 'n', 'aria-hidden': 'true' }, n + 1), rich('code', {}, html || ' '));
  });
  return {
    field: h('fieldset', { class: 'code-lines highlight' }, h('legend', { class: 'vh' }, 'В какой строке ошибка'), h('div', { class: 'inner' }, rows)),
    complaint: 'Выберите строку.',
    given: () => chosen,
    fits: (kept) => Number.isInteger(kept) && kept >= 1 && kept <= rows.length,
    show(given) {
      rows.forEach((row, n) => {
        const input = row.querySelector('input');
        input.checked = given === n + 1;
        input.disabled = true;
        if (spec.lines.includes(n + 1)) row.classList.add('wrong-line');
        else if (given === n + 1) row.classList.add('missed');
      });
      const right = spec.lines.includes(given);
      const where = spec.lines.length > 1 ? `в строках ${spec.lines.join(' и ')}` : `в строке ${spec.lines[0]}`;
      return { right, text: right ? 'Верно.' : `Нет: ошибка ${where}.` };
    },
  };
}

export const KINDS = {
  one: (spec) => options(spec, 'radio'),
  many: (spec) => options(spec, 'checkbox'),
  number,
  order,
  line,
};

/** A word beside the button, where the way to answer is not plain. */
export const HINTS = {
  many: 'Верных ответов может быть несколько.',
  order: 'Перетащите строки или двигайте их стрелками.',
  line: 'Нажмите на строку с\u00a0ошибкой.',
};
