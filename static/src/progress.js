/**
 * How far the reader is: what was read, predicted, answered and solved, and where they stopped.
 * Everybody's place is kept in this browser; whoever is signed in has theirs on every device.
 */
import { api, h, plural, reader, store } from './reader.js';

const READ_AFTER = 20_000; // ms on the page before its end counts as read: End is also pressed to look

const places = () => store.get('places') ?? {};
const known = (place) => place && document.getElementById(place);

/** A heading's words without the sign of its link. */
const title = (heading) => heading.cloneNode(true).textContent.replace(/#\s*$/, '').trim();

export async function lesson(article) {
  const slug = article.dataset.lesson;
  const headings = [...article.querySelectorAll(':scope > :is(h2, h3)[id]')];
  const here = places()[slug];
  const body = await reader(slug).catch(() => null);
  const mine = body?.progress ?? {};
  const signed = Boolean(body?.user);
  const state = { read: Boolean(mine.read || here?.read), place: (signed && mine.place) || here?.place || '' };
  const keep = (change, { send = signed } = {}) => {
    Object.assign(state, change);
    store.set('places', { ...places(), [slug]: { ...state, at: Date.now() } });
    if (send) api('POST', `progress/${slug}/`, change, { keepalive: true }).catch(() => null);
  };
  summary(article, mine, state);
  if (here?.read && signed && !mine.read) keep({ read: true }); // read before signing in
  if (!location.hash && !state.read) offer(article, headings, state.place);
  watchPlace(headings, state, keep);
  watchEnd(article, state, (read) => {
    keep({ read });
    summary(article, mine, state);
  });
}

/** One line under the title: what is behind. Nothing at all for somebody who has just come. */
function summary(article, mine, { read }) {
  const line = article.querySelector('.my-progress');
  const share = (done, name, all) => done > 0 && all > 0 && `${name}: ${Math.min(done, all)} из ${all}`;
  const parts = [
    read && 'прочитан',
    share(Object.keys(mine.predicted ?? {}).length, 'предсказания', article.querySelectorAll('poligon-predict').length),
    share(Object.keys(mine.quiz ?? {}).length, 'вопросы', article.querySelectorAll('.quiz-list > li').length),
    mine.solved && 'задание решено',
  ].filter(Boolean);
  line.hidden = !parts.length;
  line.textContent = parts.length ? `У вас: ${parts.join(' · ')}.` : '';
}

/** «Вы остановились на…»: only when it is worth a jump. */
function offer(article, headings, place) {
  const at = headings.findIndex((heading) => heading.id === place);
  if (at < 1 || scrollY > innerHeight) return;
  const box = h('p', { class: 'resume' }, 'Вы остановились на разделе ',
    h('a', { href: `#${place}`, onclick: () => box.remove() }, `«${title(headings[at])}»`), '.');
  article.querySelector('.lesson-head').append(box);
}

function watchPlace(headings, state, keep) {
  let now = state.place;
  let asked = false;
  const look = () => {
    asked = false;
    const passed = headings.filter((heading) => heading.getBoundingClientRect().top < innerHeight * 0.4);
    if (scrollY > 200 && passed.length) now = passed.at(-1).id;
  };
  addEventListener('scroll', () => {
    if (asked) return;
    asked = true;
    setTimeout(look, 400);
  }, { passive: true });
  const leave = () => document.visibilityState === 'hidden' && known(now) && now !== state.place && keep({ place: now });
  document.addEventListener('visibilitychange', leave);
}

function watchEnd(article, state, set) {
  const line = article.querySelector('.read-mark');
  const show = () => {
    line.hidden = false;
    line.replaceChildren(state.read ? 'Урок отмечен прочитанным. ' : '',
      h('button', { type: 'button', class: 'btn quiet small', onclick: () => { set(!state.read); show(); } },
        state.read ? 'Снять отметку' : 'Отметить прочитанным'));
  };
  show();
  if (state.read) return;
  const opened = performance.now();
  const end = new IntersectionObserver((entries) => {
    if (!entries.at(-1).isIntersecting || performance.now() - opened < READ_AFTER) return;
    end.disconnect();
    if (!state.read) set(true);
    show();
  });
  end.observe(line);
}

/** Marks beside the lessons of a list, and «Продолжить» on the contents page. */
export async function list(entries) {
  const { lessons = {} } = await reader().catch(() => ({}));
  const here = places();
  for (const entry of entries) {
    const slug = entry.dataset.lessonEntry;
    const there = lessons[slug] ?? {};
    const [read, solved] = [there.read || here[slug]?.read, there.solved];
    const word = solved ? 'решено' : read ? 'прочитан' : (slug in lessons || slug in here) ? 'начат' : '';
    if (word) entry.querySelector('.marks').prepend(h('span', { class: `chip mine${solved || read ? ' done' : ''}` }, word));
  }
  resume(entries, lessons, here);
}

function resume(entries, lessons, here) {
  const host = document.querySelector('[data-resume]');
  if (!host) return;
  const latest = Object.entries(here).sort(([, a], [, b]) => b.at - a.at).map(([slug]) => slug);
  const slug = [...Object.keys(lessons), ...latest].find((one) => !(lessons[one]?.read || here[one]?.read));
  const entry = [...entries].find((one) => one.dataset.lessonEntry === slug);
  if (!entry) return;
  const link = entry.querySelector('a');
  const place = lessons[slug]?.place || here[slug]?.place;
  host.prepend(h('a', { class: 'btn primary', href: link.pathname + (place ? `#${place}` : '') }, `Продолжить урок «${link.textContent.trim()}»`));
  const first = host.querySelector('a + a');
  if (first?.pathname === link.pathname) first.remove();
  else first?.classList.remove('primary');
  const done = [...entries].filter((one) => one.querySelector('.chip.done')).length;
  if (done) host.append(h('span', { class: 'mute' }, `Позади ${plural(done, 'урок', 'урока', 'уроков')} из ${entries.length}.`));
}
