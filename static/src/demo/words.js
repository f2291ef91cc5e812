/** What the card says about a run as a whole. */

export const ACTIVE = new Set(['queued', 'starting', 'running']);

/** When the log itself has no last sentence (the run was lost with its worker). */
const ENDS = {
  finished: 'Прогон окончен.',
  failed: 'Код остановился с ошибкой.',
  timed_out: 'Прогон не уложился в отведённое время и остановлен.',
  out_of_memory: 'Прогону не хватило памяти, песочница его остановила.',
  stopped: 'Прогон остановлен.',
  lost: 'Прогон потерян по нашей вине: исполнитель пропал. Запустите ещё раз, попытка не засчитана.',
};

export const ended = (state, text) => text || ENDS[state] || ENDS.finished;

/** An estimate of a wait: «ждать около 2 минут»; '' when the server cannot tell. */
export function wait(seconds) {
  if (!seconds) return '';
  if (seconds < 10) return 'ждать несколько секунд';
  if (seconds < 50) return `ждать около ${Math.round(seconds / 10) * 10} секунд`;
  const minutes = Math.round(seconds / 60);
  if (minutes <= 1) return 'ждать около минуты';
  if (minutes > 60) return 'ждать больше часа';
  return `ждать около ${minutes} ${minutes % 10 === 1 && minutes !== 11 ? 'минуты' : 'минут'}`;
}

export function position(number, seconds) {
  const estimate = wait(seconds);
  return `Все песочницы заняты, вы в очереди: ${number}-й${estimate && `, ${estimate}`}. Прогон начнётся сам.`;
}

/** Whether a file of the jail is the one in the reader's editor: the scenario beside it is not theirs. */
export const own = (file) => !file || file === 'reference.py';

/** The learner's exception in one line. */
export function problem({ error, message, line, file }) {
  const place = line ? `${own(file) ? '' : `${file}, `}строка ${line}: ` : '';
  return `Ошибка в коде — ${place}${error}${message ? `: ${message}` : ''}`;
}

export const LOCKED = {
  recording: 'Это запись. Нажмите «Пуск» — и рычаги оживут.',
  starting: 'Рычаги оживут, как только прогон начнётся.',
  watching: 'Этим прогоном управляет тот, кто его запустил.',
  ended: 'Прогон окончен. «Ещё раз» начнёт его заново, «Повторить с изменениями» — с этого момента.',
};
