/**
 * <poligon-predict>: asks before the demo, keeps the guess, and lays it over what was measured:
 * when a run ends, or at once if the reader would rather look. Always skippable.
 */
import { amount, choices, keep, kept, mark, rich, scale } from './guess.js';
import { h } from './reader.js';

class Predict extends HTMLElement {
  async connectedCallback() {
    if (this.question) return;
    this.question = JSON.parse(this.querySelector('script[type="application/json"]').textContent);
    this.box = this.querySelector('.block');
    this.ask();
    const before = (await kept('predicted', this.dataset.lesson))[this.question.id];
    if (before !== undefined && !this.guessed) this.remember(before, { again: true });
  }

  ask() {
    const { question } = this;
    this.box.querySelector('.plain-options')?.remove();
    this.answer = this.box.querySelector('.answer');
    this.answer.hidden = true;
    if (question.kind === 'choice') {
      this.options = choices(`predict-${question.id}`, question.options, 'radio', 'Ваше предсказание');
      this.field = this.options.field;
    } else {
      this.field = this.slider();
    }
    this.said = h('p', { class: 'outcome', hidden: true });
    this.go = h('button', { type: 'button', class: 'btn primary', onclick: () => this.submit() }, 'Запомнить предсказание');
    this.skip = h('button', { type: 'button', class: 'btn quiet', onclick: () => this.reveal() }, 'Пропустить и посмотреть ответ');
    this.foot = h('div', { class: 'block-foot' }, this.go, this.skip);
    this.status = h('div', { 'aria-live': 'polite' }, this.said);
    this.answer.before(this.field, this.status, this.foot);
    document.addEventListener('poligon:end', () => this.guessed && this.reveal());
  }

  slider() {
    const { id, min, max, step, unit } = this.question;
    const middle = min + Math.round((max - min) / 2 / step) * step;
    const shown = h('output', {}, '?');
    const show = () => {
      this.touched = true;
      shown.textContent = amount(this.range.value, unit, { exact: false });
      this.range.setAttribute('aria-valuetext', shown.textContent);
    };
    this.range = h('input', {
      type: 'range', min, max, step, value: middle, id: `range-${id}`, 'aria-labelledby': `predict-${id}`, oninput: show, onchange: show,
    });
    return h('div', { class: 'guess' }, h('div', {}, this.range,
      h('div', { class: 'ends', 'aria-hidden': 'true' }, h('span', {}, amount(min, unit, { exact: false })), h('span', {}, amount(max, unit, { exact: false })))), shown);
  }

  submit() {
    const { question } = this;
    const chosen = question.kind === 'choice' ? this.options.chosen()[0] : this.touched ? Number(this.range.value) : undefined;
    if (chosen === undefined) {
      this.say(question.kind === 'choice' ? 'Выберите ответ.' : 'Сначала подвиньте ползунок.');
      return;
    }
    keep('predicted', this.dataset.lesson, question.id, chosen);
    this.remember(chosen);
  }

  say(text) {
    this.said.hidden = false;
    this.said.textContent = text;
  }

  /** The guess is made; what is true stays hidden until the reader has looked for it. */
  remember(guess, { again = false } = {}) {
    const { question } = this;
    this.guessed = { guess };
    if (question.overlay) {
      this.overlay = { id: question.id, value: guess, ...question.overlay };
      this.dispatchEvent(new CustomEvent('poligon:guess', { bubbles: true, detail: this.overlay }));
    }
    if (question.kind === 'number') {
      this.range.value = guess;
      this.range.dispatchEvent(new Event('input'));
    } else {
      const input = this.options.rows[guess]?.querySelector('input');
      if (input) input.checked = true;
    }
    if (!document.querySelector('poligon-demo')) {
      this.reveal();
      return;
    }
    this.say(again ? 'Вы уже предсказывали. Запустите и проверьте.' : 'Запомнили. Теперь запустите и проверьте.');
    this.go.textContent = 'Изменить';
    this.go.classList.remove('primary');
    this.skip.textContent = 'Сверить с записью';
  }

  reveal() {
    if (this.revealed) return;
    this.revealed = true;
    const { question } = this;
    const guess = this.guessed?.guess;
    this.foot.remove();
    this.box.classList.add('answered');
    if (question.kind === 'choice') {
      mark(this.options.rows, question.options, [question.answer], guess === undefined ? [] : [guess]);
      this.say(guess === undefined ? '' : guess === question.answer ? 'Так и есть.' : 'На деле иначе.');
    } else {
      const right = Math.abs(guess - question.answer) <= (question.tolerance ?? 0);
      const [real, mine] = [amount(question.answer, question.unit), amount(guess, question.unit, { exact: false })];
      this.say(guess === undefined ? `Измерено: ${real}.`
        : right ? `Вы предсказали ${mine}, измерено ${real}. Попали.` : `Вы предсказали ${mine}, а измерено ${real}.`);
      if (guess === undefined) this.field.remove();
      else this.field.replaceWith(scale(question, guess, question.answer));
    }
    this.said.hidden = !this.said.textContent;
    this.status.append(rich('div', { class: 'explain' }, question.explain));
    if (question.at != null && document.querySelector('poligon-demo')) {
      this.status.append(h('div', { class: 'block-foot' }, h('a', {
        class: 'moment', href: '#demo', 'data-t': question.at,
        onclick: () => this.dispatchEvent(new CustomEvent('poligon:time', { bubbles: true, detail: { t: question.at } })),
      }, 'Посмотреть этот момент в записи')));
    }
  }
}

customElements.define('poligon-predict', Predict);
