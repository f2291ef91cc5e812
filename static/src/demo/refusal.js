/** What a refused start offers besides waiting: the place of one's own earlier run, or more for who signs in. */
export function offers({ runs = [], login } = {}, again) {
  const found = [];
  if (runs.length) {
    const text = runs.length > 1 ? 'Остановить самый давний и\u00a0запустить' : 'Остановить его и\u00a0запустить';
    found.push({ text, act: () => again(runs[0]) }, { text: 'Посмотреть его', href: `/runs/${runs[0]}/` });
  }
  if (login) found.push({ text: 'Войти', href: `/accounts/login/?next=${encodeURIComponent(`${location.pathname}#demo`)}` });
  return found;
}
