/**
 * The base script, on every page: theme, account, copying, and the custom elements, each fetched
 * when the reader comes near it. Pages read well without any of this.
 */

const ELEMENTS = {
  'poligon-compare': () => import('./compare.js'),
  'poligon-demo': () => import('./demo.js'),
  'poligon-editor': () => import('./editor.js'),
  'poligon-exercise': () => import('./exercise.js'),
  'poligon-predict': () => import('./predict.js'),
  'poligon-quiz': () => import('./quiz.js'),
};

const root = document.documentElement;

/** Fetches an element's module once it is within a screen's height of the window. */
function watchElements() {
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      const name = target.localName;
      for (const one of document.querySelectorAll(name)) near.unobserve(one);
      ELEMENTS[name]().catch((error) => {
        // The fallback inside the element stays usable; a reload is all a reader can do.
        console.error(`${name}: ${error.message}`);
        target.dataset.broken = '';
      });
    }
  }, { rootMargin: '100% 0px' });
  for (const one of document.querySelectorAll(Object.keys(ELEMENTS).join())) near.observe(one);
}

/** A press flips what is on screen; choosing what the system says anyway forgets the choice. */
function watchTheme() {
  const button = document.querySelector('.theme-toggle');
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const current = () => root.dataset.theme ?? (dark.matches ? 'dark' : 'light');
  const show = () => {
    button?.setAttribute('aria-pressed', String(current() === 'dark'));
    for (const meta of document.querySelectorAll('meta[name="theme-color"]')) {
      meta.content = current() === 'dark' ? '#1c2128' : '#fffdf8';
    }
    document.dispatchEvent(new CustomEvent('poligon:theme', { detail: { theme: current() } }));
  };
  button?.addEventListener('click', () => {
    const next = current() === 'dark' ? 'light' : 'dark';
    if (next === (dark.matches ? 'dark' : 'light')) delete root.dataset.theme;
    else root.dataset.theme = next;
    try {
      if (root.dataset.theme) localStorage.setItem('theme', next);
      else localStorage.removeItem('theme');
    } catch { /* storage may be refused; the choice then lives as long as the page */ }
    show();
  });
  dark.addEventListener('change', show);
  show();
}

/** Pages shared by all guests carry the guest's menu; whoever is signed in gets theirs here. */
async function fillAccount() {
  const place = document.querySelector('.account[data-fetch]');
  if (!place) return;
  const { user } = await (await import('./reader.js')).reader();
  if (!user) {
    const login = place.querySelector('a');
    login.search = `?next=${encodeURIComponent(location.pathname)}`;
    return;
  }
  place.replaceChildren(place.querySelector('template').content.cloneNode(true));
  const name = user.name || user.email || 'Вы';
  place.querySelector('.name').textContent = name;
  place.querySelector('.face').textContent = name[0];
  for (const link of place.querySelectorAll('[data-staff]')) link.hidden = !user.staff;
}

/** «Моя» chosen in the demo: the editor below it opens. */
function watchVariant() {
  document.addEventListener('poligon:variant', ({ detail }) => {
    const code = detail.name === 'mine' && document.getElementById('demo-code');
    if (code) code.open = true;
  });
}

function watchClicks() {
  document.addEventListener('click', async (event) => {
    const copy = event.target.closest('.copy');
    if (copy) {
      const text = copy.closest('.listing').querySelector('pre').innerText.replace(/\n$/, '') + '\n';
      const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
      copy.textContent = done ? 'Скопировано' : 'Не вышло: выделите и нажмите Ctrl+C';
      setTimeout(() => { copy.textContent = 'Копировать'; }, 2000);
    }
    const open = document.querySelector('.account details[open]');
    if (open && !open.contains(event.target)) open.open = false;
  });
  document.addEventListener('keydown', (event) => {
    const open = event.key === 'Escape' && document.querySelector('.account details[open]');
    if (!open) return;
    open.open = false;
    open.querySelector('summary').focus();
  });
}

/** Copy buttons mean nothing without this script, so it makes them. */
function addCopyButtons() {
  for (const caption of document.querySelectorAll('.listing > figcaption')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'btn small copy';
    button.textContent = 'Копировать';
    caption.append(button);
  }
}

watchTheme();
watchElements();
watchClicks();
watchVariant();
addCopyButtons();
const [article, entries, searching] = ['article[data-lesson]', '[data-lesson-entry]', 'form.search'].map((one) => document.querySelectorAll(one));
if (article.length) import('./progress.js').then(({ lesson }) => lesson(article[0]));
if (entries.length) import('./progress.js').then(({ list }) => list(entries));
if (searching.length) import('./search.js').then(({ live }) => live(searching[0]));
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.target.closest?.('input, textarea, [contenteditable]')) return;
  event.preventDefault();
  if (searching.length) searching[0].querySelector('input').select();
  else location.assign('/search/');
});
if (document.querySelector('.term')) import('./terms.js');
fillAccount().catch((error) => console.error(error));
