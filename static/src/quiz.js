/** <poligon-quiz>: questions one under another; each is answered once, explained at once, and kept. */
import { HINTS, KINDS } from './answers.js';
import { keep, kept, rich } from './guess.js';
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
      HINTS[spec.kind] ? h('span', { class: 'mute' }, HINTS[spec.kind]) : null);
    this.answer = KINDS[spec.kind](spec);
    this.answer.enter?.addEventListener('keydown', (event) => event.key === 'Enter' && this.submit());
    item.append(this.answer.field, this.status, this.foot);
  }

  submit() {
    const given = this.answer.given();
    if (given === null) {
      this.say(this.answer.complaint);
      return;
    }
    this.show(given);
    this.onAnswer(this, given);
  }

  say(text) {
    this.said.hidden = !text;
    this.said.textContent = text;
  }

  /** Shows a given answer with its verdict; for a kept answer too. */
  show(given) {
    if (this.answered) return;
    this.answered = true;
    this.item.classList.add('answered');
    this.foot.remove();
    const { right, text } = this.answer.show(given);
    this.right = right;
    this.say(text);
    if (this.spec.explain) this.status.append(rich('div', { class: 'explain' }, this.spec.explain));
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
      if (given !== undefined && question.answer.fits(given)) question.show(given);
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
