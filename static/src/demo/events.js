/** Words for the events that every run has, whatever its scene: the runtime's own and a check's failure. */
import { fmt } from '../kit/numbers.js';

/** kind → name, for the filter of the table. */
export const RUNTIME = {
  'run.started': 'Начало', 'control.set': 'Рычаги', out: 'Печать', problem: 'Ошибка в коде',
  limit: 'Превышен предел', 'case.failed': 'Проверка не пройдена', 'run.ended': 'Конец',
};

/** kind → name of everything a lesson's log may hold. */
export const kindNames = (spec) => ({
  ...RUNTIME, ...Object.fromEntries(Object.entries(spec.kinds).map(([kind, { label }]) => [kind, label])),
});

function shown(value) {
  if (typeof value === 'boolean') return value ? 'да' : 'нет';
  return String(value).replace('.', ',');
}

/** What was checked, what was expected and what came: «… Ожидалось: 6. Получилось: 1.» */
export function failure({ message, title, expected, got }) {
  const compared = [['Ожидалось', expected], ['Получилось', got]].filter(([, value]) => value != null);
  const sentences = [message ?? title, ...compared.map((pair) => pair.join(': '))];
  return sentences.filter(Boolean).map((one) => (/[.!?]$/.test(one) ? one : `${one}.`)).join(' ');
}

/** The same with its moment, as one sentence of its own. */
export const violation = (event) => `Нарушение на ${fmt(event.t, 2).replace(/,?0+$/, '')} с. ${failure(event)}`;

/** What `told` needs of a demo's controls: their labels, and which of them are buttons and have no value to tell. */
export const labelled = (controls) => ({
  ...Object.fromEntries(controls.map(({ name, label }) => [name, label])),
  buttons: controls.filter(({ kind }) => kind === 'button').map(({ name }) => name),
});

/** One event in words, or ''. `names`: control → its label, as `labelled` makes it. */
export function told(event, names = {}) {
  switch (event.kind) {
    case 'run.started': return 'Прогон начался';
    case 'control.set': {
      const name = names[event.name] ?? event.name;
      const moved = event.value == null || names.buttons?.includes(event.name) ? name : `${name}: ${shown(event.value)}`;
      return event.by === 'story' ? `${moved} (по\u00a0сценарию)` : moved;
    }
    case 'problem': return `${event.error}: ${event.message}`;
    case 'case.failed': return `Проверка не пройдена. ${failure(event)}`;
    default: return RUNTIME[event.kind] ? event.text ?? '' : '';
  }
}
