/** <poligon-quiz>: questions one under another; each is answered once, explained at once, and kept. */
import { amount, choices, keep, kept, mark, rich } from './guess.js';
import { h, plural } from './reader.js';

/** One question of the quiz, in its list item. */
class Question {
  constructor(item, spec, onAnswer) {
    this.spec = spec;
    this.onAnswer = onAnswer;
    item.querySelector('.plain-options')?.remove();
    item.querySelector('.answer').hidden = true;
    this.item = item;
    this.said = h('p', { class: 'outcome', hidden: true });
    this.status = h('div', { 'aria-live': 'polite' }, this.said);
    this.foot = h('div', { class: 'block-foot' },
      h('button', { type: 'button', class: 'btn', onclick: () => this.submit() }, 'Ответить'),
      spec.kind === 'many' ? h('span', { class: 'mute' }, 'Верных ответов может быть несколько.') : null);
    item.append(this.build(), this.status, this.foot);
  }

  build() {
    const { spec } = this;
    if (spec.kind === 'number') {
      this.input = h('input', { type: 'text', inputmode: 'decimal', 'aria-label': 'Ваш ответ', style: 'width:8rem', onkeydown: (event) => event.key === 'Enter' && this.submit() });
      return h('div', { class: 'block-foot' }, this.input, spec.unit ?? '');
    }
    this.options = choices(`quiz-${spec.id}`, spec.options, spec.kind === 'many' ? 'checkbox' : 'radio', 'Варианты ответа');
    return this.options.field;
  }

  submit() {
    const given = this.spec.kind === 'number' ? this.number() : this.options.chosen();
    if (given === null || given.length === 0) {
      this.say(this.spec.kind === 'number' ? 'Нужно число.' : 'Выберите ответ.');
      return;
    }
    this.show(given);
    this.onAnswer(this, given);
  }

  number() {
    const text = this.input.value.trim().replace(',', '.');
    return text === '' || !Number.isFinite(Number(text)) ? null : Number(text);
  }

  say(text) {
    this.said.hidden = !text;
    this.said.textContent = text;
  }

  /** Shows a given answer with its verdict; for a kept answer too. */
  show(given) {
    const { spec } = this;
    if (this.answered) return;
    this.answered = true;
    this.item.classList.add('answered');
    this.foot.remove();
    if (spec.kind === 'number') {
      this.right = Math.abs(given - spec.answer) <= (spec.tolerance ?? 0);
      this.input.value = Number(given).toLocaleString('ru');
      this.input.readOnly = true;
      this.say(this.right ? `Верно: ${amount(spec.answer, spec.unit)}.` : `Нет, верный ответ: ${amount(spec.answer, spec.unit)}.`);
    } else {
      const right = spec.options.flatMap((option, n) => (option.right ? [n] : []));
      this.right = right.length === given.length && right.every((n) => given.includes(n));
      mark(this.options.rows, spec.options, right, given);
      this.say(this.right ? 'Верно.' : spec.kind === 'many' ? 'Не совсем.' : 'Нет.');
    }
    if (spec.explain) this.status.append(rich('div', { class: 'explain' }, spec.explain));
  }
}

class Quiz extends HTMLElement {
  async connectedCallback() {
    if (this.questions) return;
    const specs = JSON.parse(this.querySelector('script[type="application/json"]').textContent);
    const lesson = this.dataset.lesson;
    const answered = (question, given) => {
      keep('quiz', lesson, question.spec.id, given);
      this.count();
    };
    this.questions = specs.map((spec) => new Question(this.querySelector(`[data-question="${CSS.escape(spec.id)}"]`), spec, answered));
    this.score = h('p', { class: 'quiz-score', 'aria-live': 'polite', hidden: true });
    this.querySelector('.quiz-list').after(this.score);
    const before = await kept('quiz', lesson);
    for (const question of this.questions) {
      const given = before[question.spec.id];
      const fits = question.spec.kind === 'number' ? Number.isFinite(given) : Array.isArray(given);
      if (fits) question.show(given);
    }
    this.count();
  }

  count() {
    const done = this.questions.filter((question) => question.answered);
    if (done.length < this.questions.length) return;
    const right = done.filter((question) => question.right).length;
    this.score.hidden = false;
    this.score.textContent = right === done.length ? 'Все ответы верны.' : `Верно: ${right} из ${plural(done.length, 'вопроса', 'вопросов', 'вопросов')}.`;
  }
}

customElements.define('poligon-quiz', Quiz);
