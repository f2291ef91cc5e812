/**
 * <poligon-exercise data-lesson>: hands the code in, follows the judging over its socket, keeps the list
 * of attempts. The editor inside is its own element; a failed case is drawn by cases.js.
 */
import { Cases } from './cases.js';
import { api, h, lessonHere, plural, reader, when } from './reader.js';
import { wait } from './demo/words.js';
import { RunSocket } from './socket.js';

const SETTLE = [200, 400, 800, 1600, 3000]; // ms between looks for the verdict once the log has ended

class Exercise extends HTMLElement {
  async connectedCallback() {
    if (this.button) return;
    this.button = this.querySelector('.submit');
    this.place = this.querySelector('.verdict');
    this.place.removeAttribute('aria-live'); // cases.js says what is worth saying
    this.titles = [...this.querySelectorAll('.case-titles li')].map((item) => item.textContent);
    this.button.addEventListener('click', () => this.submit());
    const mine = await reader(this.lesson).catch(() => null);
    if (!mine) return;
    this.attempts = mine.submissions ?? [];
    this.listAttempts();
    const waiting = this.attempts.find((one) => one.state === 'waiting');
    if (waiting) this.resume(waiting.id);
  }

  get lesson() {
    return this.dataset.lesson ?? lessonHere();
  }

  get editor() {
    return this.querySelector('poligon-editor');
  }

  async submit() {
    if (this.button.disabled) return;
    this.busy(true);
    const code = this.editor.text ?? this.querySelector('textarea').value;
    await this.editor.draft?.flush();
    this.cases = new Cases(this.place, this.titles);
    this.place.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
    try {
      const sent = await api('POST', 'submissions/', { lesson: this.lesson, code });
      this.follow(sent);
    } catch (error) {
      this.refuse(error);
    }
  }

  busy(yes) {
    this.button.disabled = yes;
    this.button.textContent = yes ? 'Проверяем…' : 'Проверить решение';
  }

  refuse(error) {
    this.busy(false);
    const guest = error.code === 'login_needed' || error.status === 401;
    const next = encodeURIComponent(`${location.pathname}#${this.id || 'exercise'}`);
    this.place.replaceChildren(guest
      ? h('div', { class: 'note info', role: 'alert' },
        h('p', { style: 'flex-basis:100%' }, 'Чтобы сдать решение, войдите: вердикт и\u00a0попытки останутся за\u00a0вами. Код никуда не\u00a0денется: после входа он будет здесь же.'),
        h('a', { class: 'btn primary', href: `/accounts/login/?next=${next}` }, 'Войти'),
        h('a', { class: 'btn', href: `/accounts/signup/?next=${next}` }, 'Зарегистрироваться'))
      : h('div', { class: `note ${error.status === 429 ? 'warn' : error.status === 0 || error.status >= 500 ? 'ours' : 'fail'}`, role: 'alert' }, error.message));
  }

  /** Someone came back while their solution is being judged. */
  async resume(id) {
    const submission = await api('GET', `submissions/${id}/`).catch(() => null);
    if (submission?.state !== 'waiting') return;
    this.busy(true);
    this.cases = new Cases(this.place, this.titles);
    this.follow(submission);
  }

  follow({ id, socket }) {
    const url = new URL(socket, location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    const { cases } = this;
    this.socket?.close();
    this.socket = new RunSocket(url.href, {
      events: (events) => {
        for (const event of events) {
          if (event.kind === 'problem') this.problem(event);
          cases.hear(event);
        }
      },
      state: ({ state, position, wait: seconds }) => {
        if (state === 'queued' || state === 'starting') cases.say(position ? [`В\u00a0очереди: ${position}-е место`, wait(seconds)].filter(Boolean).join(', ') : 'Готовим проверку…');
      },
      reset: () => cases.expect(this.titles),
      line: (word) => ['waiting', 'away'].includes(word) && cases.say('Связь прервалась, восстанавливаем…'),
      error: () => this.settle(id),
      end: () => this.settle(id),
    });
  }

  problem({ line, error, message }) {
    this.dispatchEvent(new CustomEvent('poligon:problem', {
      bubbles: true, detail: { slot: 'exercise', line, error, message },
    }));
  }

  /** The log has ended; the verdict with its links is written a moment later. */
  async settle(id) {
    for (const pause of SETTLE) {
      const submission = await api('GET', `submissions/${id}/`).catch(() => null);
      if (submission && submission.state !== 'waiting') {
        this.cases.close(submission);
        this.attempts = [submission, ...(this.attempts ?? []).filter((one) => one.id !== id)];
        this.listAttempts();
        this.busy(false);
        this.dispatchEvent(new CustomEvent('poligon:verdict', { bubbles: true, detail: { ok: Boolean(submission.verdict?.ok) } }));
        return;
      }
      await new Promise((done) => { setTimeout(done, pause); });
    }
    this.busy(false);
    this.cases.say('Проверка закончилась, вердикт ещё записывается', { note: 'Обновите страницу через минуту: попытка не\u00a0пропала.', kind: 'ours' });
  }

  listAttempts() {
    const place = this.querySelector('.attempts');
    if (!this.attempts.length) {
      place.replaceChildren();
      return;
    }
    const rows = this.attempts.map((one) => h('li', {}, h('span', { class: 'num' }, when(one.created)), this.chip(one), h('a', { href: one.url }, 'код и\u00a0вердикт')));
    place.replaceChildren(h('details', { open: this.attempts.length < 4 },
      h('summary', {}, plural(this.attempts.length, 'попытка', 'попытки', 'попыток')), h('ol', {}, rows)));
  }

  chip({ state, verdict }) {
    if (state === 'waiting') return h('span', { class: 'chip busy' }, 'проверяется');
    if (state === 'broken') return h('span', { class: 'chip warn' }, 'сбой у\u00a0нас, не\u00a0считается');
    return h('span', { class: `chip ${verdict.ok ? 'ok' : 'fail'} num` }, verdict.ok ? 'решено' : `${verdict.passed} из ${verdict.total}`);
  }
}

customElements.define('poligon-exercise', Exercise);
