/**
 * What predict and quiz share: fields for an answer, the scale that lays a guess over the measured
 * value, and keeping answers (in this browser at once, on the server when it can be reached).
 */
import { api, h, reader, store } from './reader.js';

/**
 * 4.5 → «4,5 с». A unit that is a word («вызовов») is declined by its author for the right answer only,
 * so other numbers go without it (`exact: false`): «21 вызовов» is not Russian.
 */
export function amount(value, unit, { exact = true } = {}) {
  const fits = unit && (exact || !/^[а-яё]{4,}$/i.test(unit));
  return `${Number(value).toLocaleString('ru')}${fits ? `\u00a0${unit}` : ''}`;
}

/** Course text is HTML rendered and escaped on the server. */
export function rich(name, attributes, markup) {
  const element = h(name, attributes);
  element.innerHTML = markup ?? '';
  return element;
}

/** Rows to press. `type` is radio or checkbox; returns { field, chosen() → indices }. */
export function choices(group, options, type, legend) {
  const rows = options.map((option, n) => {
    const input = h('input', { type, name: group, value: String(n) });
    return h('label', { class: 'choice' }, input, rich('span', {}, option.text ?? option));
  });
  return {
    field: h('fieldset', { class: 'choices' }, h('legend', { class: 'vh' }, legend), rows),
    rows,
    chosen: () => rows.flatMap((row, n) => (row.querySelector('input').checked ? [n] : [])),
  };
}

/** After the answer: which row is right, which was chosen, and why; nothing can be changed. */
export function mark(rows, options, right, chosen) {
  rows.forEach((row, n) => {
    const input = row.querySelector('input');
    input.checked = chosen.includes(n);
    input.disabled = true;
    const picked = chosen.includes(n);
    const good = right.includes(n);
    if (good) row.classList.add('right');
    else if (picked) row.classList.add('wrong');
    const word = good ? (picked ? 'верно' : 'верный ответ') : picked ? 'ваш ответ' : '';
    if (word) row.append(h('span', { class: `mark sign ${good ? 'ok' : 'fail'}` }, word));
    if (options[n].why && (picked || good)) row.children[1].append(rich('span', { class: 'why' }, options[n].why));
  });
}

/** The guess and the measured value on one scale, the distance between them drawn. */
export function scale({ min, max, unit, tolerance = 0 }, guess, real) {
  const low = Math.min(min, real, guess);
  const high = Math.max(max, real, guess);
  const at = (value) => ((value - low) / (high - low || 1)) * 100;
  // A label leans inwards as its pin nears an end of the scale: --at says how far.
  const pin = (kind, value, text) => h('div', { class: `pin ${kind}`, style: `left:${at(value)}%;--at:${at(value)}` }, h('span', {}, text));
  const [from, to] = [at(Math.min(guess, real)), at(Math.max(guess, real))];
  return h('div', { class: 'scale', 'aria-hidden': 'true' },
    h('div', { class: 'axis' }),
    tolerance ? h('div', { class: 'band', style: `left:${at(Math.max(low, real - tolerance))}%;right:${100 - at(Math.min(high, real + tolerance))}%` }) : null,
    h('div', { class: 'gap', style: `left:${from}%;width:${to - from}%` }),
    pin('real', real, `измерено: ${amount(real, unit)}`),
    pin('mine', guess, `вы: ${amount(guess, unit, { exact: false })}`));
}

/** The kept answers of one kind ('predicted' or 'quiz'): this browser's first, then the server's. */
export async function kept(kind, lesson) {
  const here = store.get(`${kind}:${lesson}`) ?? {};
  const there = await reader(lesson).then((body) => body.progress?.[kind] ?? {}, () => ({}));
  return { ...there, ...here };
}

/** Keeps one answer. The server may be away or refuse a guest: this browser's copy is then enough. */
export function keep(kind, lesson, id, answer) {
  const all = store.get(`${kind}:${lesson}`) ?? {};
  store.set(`${kind}:${lesson}`, { ...all, [id]: answer });
  return api('POST', `progress/${lesson}/`, { [kind]: { [id]: answer } }, { keepalive: true }).catch(() => null);
}
