/** The search page answers while it is typed into; Enter still works as a plain form. */

const PAUSE = 150; // ms without a key before asking

export function live(form) {
  const input = form.querySelector('input');
  const place = document.querySelector('.found');
  let asked = 0;
  let timer = 0;
  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const mine = ++asked;
      const query = new URLSearchParams({ q: input.value.trim() });
      const answer = await fetch(`${form.action}?${query}&part=1`).catch(() => null);
      if (mine !== asked) return; // a newer question is under way
      if (!answer?.ok) {
        place.textContent = 'Нет связи с\u00a0сервером: нажмите «Найти» ещё раз чуть позже.';
        return;
      }
      place.innerHTML = await answer.text(); // rendered and escaped by the server
      history.replaceState(null, '', query.get('q') ? `?${query}` : location.pathname);
    }, PAUSE);
  });
}
