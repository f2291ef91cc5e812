/**
 * Who is reading, and the site's API for the elements: one shared answer per page.
 *
 *   const { user, csrf, quota, drafts, progress, submissions } = await reader(slug);
 *   const answer = await api('PUT', `drafts/${slug}/demo/`, { text, base });
 */

const answers = new Map();

/** A refusal with a Russian sentence to show: `status` 0 means the server was not reached. */
export class ApiError extends Error {
  constructor(status, body) {
    super(body.message);
    this.status = status;
    this.code = body.code;
    this.body = body;
  }
}

/** The slug of this page's lesson, or undefined. */
export const lessonHere = () => document.querySelector('[data-lesson]')?.dataset.lesson;

/** What `mine/` says about the reader on the lesson's page, or `me/` elsewhere. Asked once a page. */
export function reader(slug = lessonHere()) {
  const address = slug ? `lessons/${encodeURIComponent(slug)}/mine/` : 'me/';
  if (!answers.has(address)) {
    const asked = api('GET', address).then((body) => {
      token = body.csrf ?? token;
      return body;
    });
    asked.catch(() => answers.delete(address));
    answers.set(address, asked);
  }
  return answers.get(address);
}

/** Forget the answer: the reader's state has changed. */
export const refresh = (slug = lessonHere()) => {
  answers.clear();
  return reader(slug);
};

let token; // what `mine/` told; the cookie is asked first, because signing in elsewhere changes it

const csrf = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? token
  ?? document.querySelector('[name=csrfmiddlewaretoken]')?.value;

/** One request to /api/v1/; throws ApiError on any answer but 2xx. `keepalive` survives leaving the page. */
export async function api(method, path, data, { keepalive = false } = {}) {
  if (method !== 'GET' && !csrf()) await reader(); // its answer sets the cookie
  const headers = { Accept: 'application/json' };
  if (method !== 'GET') headers['X-CSRFToken'] = csrf() ?? '';
  if (data !== undefined) headers['Content-Type'] = 'application/json';
  let answer;
  try {
    answer = await fetch(`/api/v1/${path}`, {
      method, headers, keepalive, credentials: 'same-origin', body: data === undefined ? undefined : JSON.stringify(data),
    });
  } catch {
    throw new ApiError(0, { code: 'offline', message: 'Нет связи с сервером.' });
  }
  const body = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  throw new ApiError(answer.status, { message: `Сервер ответил ошибкой ${answer.status}. Попробуйте ещё раз.`, ...body });
}

/** `localStorage` that may be refused (private windows, full disk): reads give undefined, writes false. */
export const store = {
  get(key) {
    try { return JSON.parse(localStorage.getItem(`poligon:${key}`)) ?? undefined; } catch { return undefined; }
  },
  set(key, value) {
    try { localStorage.setItem(`poligon:${key}`, JSON.stringify(value)); return true; } catch { return false; }
  },
  drop(key) {
    try { localStorage.removeItem(`poligon:${key}`); } catch { /* nothing was kept then */ }
  },
};

/** «12:31» today, «21 нояб., 12:31» otherwise; the reader's own time zone. */
export function when(iso) {
  const date = new Date(iso);
  const today = date.toDateString() === new Date().toDateString();
  return date.toLocaleString('ru', today ? { hour: '2-digit', minute: '2-digit' }
    : { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
}

/** 3 → «3 проверки»: plural(3, 'проверка', 'проверки', 'проверок'). */
export function plural(n, one, few, many) {
  const kind = new Intl.PluralRules('ru').select(n);
  return `${n}\u00a0${kind === 'one' ? one : kind === 'few' ? few : many}`;
}

/** An element in one call: h('p', { class: 'note' }, 'text', child). Null children are left out. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, '');
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}
