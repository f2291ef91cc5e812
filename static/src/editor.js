/**
 * <poligon-editor data-lesson data-slot="demo|exercise" [data-title]> around a textarea.
 * Autosave is draft.js; CodeMirror comes when the reader comes to type; without either the textarea
 * and its form work as they are.
 *
 * Sends `poligon:code {text, lesson, slot, run: true}`; hears `poligon:problem {line, error, message, slot}`.
 */
import { Draft } from './draft.js';
import { visible } from './kit/visible.js';
import { api, h, reader, when } from './reader.js';

/** What becomes of versions: nobody should find out by missing one. */
const THINNED = 'Когда места не\u00a0хватает, первыми уходят старые промежуточные версии. Последняя и\u00a0те, что вы запускали или отправляли, остаются.';
const KEPT = { user: THINNED, guest: `${THINNED} Версии гостя хранятся полгода: войдите, и\u00a0они останутся за\u00a0вами насовсем.` };

class Editor extends HTMLElement {
  async connectedCallback() {
    if (this.draft) return;
    this.textarea = this.querySelector('textarea');
    this.starter = this.textarea.defaultValue;
    const { lesson, slot } = this.dataset;
    this.draft = new Draft(lesson, slot, this.textarea.value, (state, detail) => this.show(state, detail));
    this.build();
    this.listen();
    this.put(await this.draft.load(), { quiet: true });
  }

  get text() {
    return this.textarea.value;
  }

  build() {
    const { slot, title } = this.dataset;
    const hint = `editor-hint-${slot}`;
    this.hint = hint;
    this.status = h('span', { class: 'editor-status', role: 'status' });
    this.place = h('div', { class: 'editor-place' });
    this.trouble = h('div', { class: 'note fail problem', role: 'alert', hidden: true });
    this.conflict = h('div', { class: 'note warn editor-conflict', role: 'alert', hidden: true });
    this.list = h('div', { class: 'versions', hidden: true });
    this.versionsButton = h('button', { type: 'button', class: 'btn', 'aria-expanded': 'false', onclick: () => this.toggleVersions() }, 'Версии');
    this.runs = slot === 'demo' && Boolean(document.querySelector('poligon-demo'));
    const runButton = this.runs && h('button', { type: 'button', class: 'btn primary', onclick: () => this.run() }, 'Запустить мой код');
    const box = h('div', { class: 'editor' },
      h('div', { class: 'editor-head' }, h('span', { class: 'title' }, title ?? 'reference.py'), this.status),
      this.place, this.trouble, this.conflict,
      h('div', { class: 'editor-bar' }, runButton, this.versionsButton,
        h('button', { type: 'button', class: 'btn', onclick: () => this.reset() }, 'Вернуть начальный код'),
        h('p', { class: 'editor-hint', id: hint }, 'Tab делает отступ. Чтобы уйти из\u00a0редактора с\u00a0клавиатуры, нажмите Esc, затем Tab. Код сохраняется сам.')),
      this.list);
    this.textarea.before(box);
    this.place.append(this.textarea);
    this.textarea.setAttribute('aria-describedby', hint);
  }

  listen() {
    const open = () => this.open();
    this.textarea.addEventListener('pointerdown', open, { once: true });
    this.textarea.addEventListener('focus', open, { once: true });
    this.textarea.addEventListener('input', () => this.typed(this.textarea.value));
    this.addEventListener('focusout', (event) => this.contains(event.relatedTarget) || this.draft.flush());
    document.addEventListener('poligon:problem', ({ detail }) => {
      if (detail.slot === this.dataset.slot) this.problem(detail);
    });
    document.addEventListener('poligon:run', () => this.runs && this.problem(null));
  }

  /** Brings CodeMirror; if it cannot be fetched the textarea stays. */
  open() {
    this.opening ??= import('./codemirror.js').then(({ open }) => {
      this.view = open(this.textarea, {
        label: this.textarea.getAttribute('aria-label') ?? 'Код',
        hint: this.hint,
        onChange: (text) => {
          this.textarea.value = text;
          this.typed(text);
        },
        onRun: () => (this.runs ? this.run() : this.closest('poligon-exercise')?.submit()),
      });
    }, () => { this.opening = null; });
    return this.opening;
  }

  typed(text) {
    this.draft.change(text);
    this.trouble.hidden = true;
  }

  /** Shows another text. `quiet`: it comes from the draft and is not an edit. */
  put(text, { quiet = false } = {}) {
    if (text === this.text) return;
    if (this.view) {
      this.view.replace(text);
      return;
    }
    this.textarea.value = text;
    if (!quiet) this.typed(text);
  }

  run() {
    this.draft.flush();
    this.problem(null);
    const { lesson, slot } = this.dataset;
    this.dispatchEvent(new CustomEvent('poligon:code', { bubbles: true, detail: { text: this.text, lesson, slot, run: true } }));
  }

  problem(detail) {
    this.trouble.hidden = !detail;
    this.view?.problem(detail?.line ?? 0);
    if (!detail) return;
    const said = visible(detail.error ? `${detail.error}: ${detail.message}` : detail.message);
    this.trouble.textContent = detail.line ? `Строка ${detail.line}. ${said}` : said;
    if (!this.view) this.open()?.then(() => this.view?.problem(detail.line));
  }

  reset() {
    if (this.text === this.starter) return;
    this.put(this.starter);
    this.draft.flush();
    this.status.textContent = 'Начальный код на месте. Прежний лежит в\u00a0«Версиях».';
  }

  show(state, { at, message, theirs, copied }) {
    const here = copied ? 'текст цел в\u00a0этом браузере' : 'не\u00a0закрывайте страницу';
    const words = {
      saved: at ? `Сохранено ${when(at).includes(',') ? when(at) : `в\u00a0${when(at)}`}` : '',
      saving: 'Сохраняем…',
      waiting: 'Сохраняем…',
      offline: `Не\u00a0сохранено: ${message ? 'сервер просит подождать. Повторим сами' : 'нет связи'}, ${here}`,
      refused: `Не\u00a0сохранено. ${message ?? ''}`,
      conflict: 'Есть две версии, обе целы',
    };
    this.status.textContent = words[state];
    this.status.classList.toggle('bad', ['offline', 'refused', 'conflict'].includes(state));
    this.conflict.hidden = state !== 'conflict';
    if (state === 'conflict') this.showConflict(theirs, message);
    if (state === 'saved') this.listed = false;
  }

  showConflict(theirs, message) {
    const button = (label, act) => h('button', { type: 'button', class: 'btn', onclick: act }, label);
    this.conflict.replaceChildren(
      h('p', {}, message),
      h('div', { class: 'editor-both', hidden: true },
        h('div', {}, 'Здесь', h('pre', { tabindex: 0 }, this.text)),
        h('div', {}, `Сохранено ${when(theirs.saved_at)}`, h('pre', { tabindex: 0 }, theirs.text))),
      button('Продолжить с\u00a0моим', () => this.draft.mine(theirs)),
      button('Взять тот', () => {
        this.draft.theirs(theirs);
        this.put(theirs.text, { quiet: true });
      }),
      button('Сравнить', (event) => {
        this.conflict.querySelector('.editor-both').hidden = false;
        event.target.hidden = true;
      }));
  }

  async toggleVersions() {
    const open = this.list.hidden;
    this.list.hidden = !open;
    this.versionsButton.setAttribute('aria-expanded', String(open));
    if (!open) return;
    this.list.replaceChildren('Загружаем…');
    await this.draft.flush();
    try {
      const answer = await api('GET', `${this.draft.path}versions/`);
      const { user } = await reader(this.dataset.lesson);
      this.listVersions(answer.versions, user);
    } catch (error) {
      this.list.replaceChildren(error.message);
    }
  }

  listVersions(versions, user) {
    const copies = this.draft.others().map((copy) => this.version(`копия из\u00a0другой вкладки, ${when(copy.at)}`, () => copy.text));
    const rows = versions.map(({ version, saved_at: at, aside }, n) => this.version(
      `${when(at)}${aside ? ', набрано в\u00a0другом окне' : n === 0 ? ', последняя' : ''}`,
      async () => (await api('GET', `${this.draft.path}versions/${version}/`)).text));
    this.list.replaceChildren(rows.length + copies.length
      ? h('ol', {}, copies, rows) : 'Пока ничего не\u00a0сохранено. Первая версия появится, как только вы начнёте печатать.',
    h('p', { class: 'mute small' }, KEPT[user ? 'user' : 'guest']));
  }

  version(label, fetchText) {
    const row = h('li', {}, label,
      h('button', { type: 'button', class: 'btn small', onclick: async () => {
        try {
          const text = await fetchText();
          row.querySelector('pre')?.remove();
          row.append(h('pre', { tabindex: 0 }, text));
        } catch (error) { this.status.textContent = error.message; }
      } }, 'Показать'),
      h('button', { type: 'button', class: 'btn small', style: 'margin-inline-start:0', onclick: async () => {
        try {
          this.put(await fetchText());
          await this.draft.flush();
        } catch (error) { this.status.textContent = error.message; }
      } }, 'Вернуть'));
    return row;
  }
}

customElements.define('poligon-editor', Editor);
