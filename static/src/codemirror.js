/** CodeMirror 6 set up for Python in the site's look. Loaded when the reader comes to type. */
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { python } from '@codemirror/lang-python';
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { EditorState, RangeSet, StateEffect, StateField } from '@codemirror/state';
import {
  Decoration, drawSelection, EditorView, GutterMarker, gutterLineClass, highlightActiveLine, highlightActiveLineGutter,
  highlightSpecialChars, keymap, lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword, tags.definitionKeyword, tags.moduleKeyword], color: 'var(--code-keyword)', fontWeight: '600' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null, tags.meta, tags.annotation], color: 'var(--code-number)' },
  { tag: [tags.function(tags.definition(tags.variableName)), tags.definition(tags.className), tags.className], color: 'var(--code-name)', fontWeight: '600' },
  { tag: tags.comment, color: 'var(--code-comment)', fontStyle: 'italic' },
  { tag: tags.invalid, color: 'var(--fail)' },
]);

const look = EditorView.theme({
  '&': { height: '100%', color: 'var(--ink)', backgroundColor: 'var(--card)', fontSize: 'var(--fs-1)' },
  '&.cm-focused': { outline: '3px solid var(--blue)', outlineOffset: '-3px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.55', fontVariantLigatures: 'none' },
  '.cm-content': { padding: '0.75rem 0', caretColor: 'var(--ink)' },
  '.cm-line': { padding: '0 1rem 0 0.5rem' },
  '.cm-gutters': { backgroundColor: 'var(--card)', color: 'var(--mute)', border: 'none' },
  '.cm-lineNumbers .cm-gutterElement': { padding: '0 0.4rem 0 0.6rem', minWidth: '2.4rem' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'color-mix(in oklab, var(--sunk) 55%, transparent)' },
  '.cm-cursor': { borderLeft: '2px solid var(--ink)' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': { backgroundColor: 'color-mix(in oklab, var(--blue) 24%, transparent)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--ok-tint)', outline: '1px solid var(--ok)' },
  '.cm-problem': { backgroundColor: 'var(--fail-tint)', boxShadow: 'inset 3px 0 0 var(--fail)' },
  '.cm-problem-gutter': { color: 'var(--fail)', fontWeight: '700' },
  '.cm-tooltip': { border: 'var(--bold)', borderRadius: '8px', backgroundColor: 'var(--card)', color: 'var(--ink)', overflow: 'hidden' },
  '.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)' },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--sunk)', color: 'var(--ink)' },
});

// Unseen signs that CodeMirror does not mark by itself: of direction (U+202A–202C, 2068), without width, blank letters.
const UNSEEN = /[\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u202a-\u202c\u2060-\u2064\u2068\u206a-\u206f\u3164\uffa0\u{e0001}-\u{e007f}]/gu;

const setProblem = StateEffect.define();
const problemLine = Decoration.line({ class: 'cm-problem' });
const problemGutter = new class extends GutterMarker { elementClass = 'cm-problem-gutter'; }();

/** The line the runtime complained about; forgotten as soon as it is edited. */
const problem = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) {
      if (!effect.is(setProblem)) continue;
      const { doc } = transaction.state;
      if (!effect.value || effect.value > doc.lines) return Decoration.none;
      return Decoration.set([problemLine.range(doc.line(effect.value).from)]);
    }
    if (!transaction.docChanged || !marks.size) return marks;
    const { from } = marks.iter();
    const line = transaction.startState.doc.lineAt(from);
    return transaction.changes.touchesRange(line.from, line.to) ? Decoration.none : marks.map(transaction.changes);
  },
  provide: (field) => [
    EditorView.decorations.from(field),
    gutterLineClass.compute([field], (state) => {
      const at = state.field(field).iter();
      return RangeSet.of(at.value ? [problemGutter.range(at.from)] : []);
    }),
  ],
});

/** Replaces `textarea` on the screen (it stays in the form, hidden and in step). */
export function open(textarea, { label, hint, onChange, onRun }) {
  const { selectionStart: anchor, selectionEnd: head, scrollTop } = textarea;
  const focused = document.activeElement === textarea;
  const view = new EditorView({
    state: EditorState.create({
      doc: textarea.value,
      selection: { anchor, head },
      extensions: [
        lineNumbers(), highlightSpecialChars({ addSpecialChars: UNSEEN }), history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(),
        autocompletion({ activateOnTyping: false, icons: false }), highlightActiveLine(), highlightActiveLineGutter(), problem,
        EditorState.tabSize.of(4), indentUnit.of('    '), python(), syntaxHighlighting(colours), look,
        keymap.of([
          { key: 'Mod-Enter', run: () => { onRun?.(); return true; } },
          ...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap, indentWithTab,
        ]),
        EditorView.contentAttributes.of({ 'aria-label': label, 'aria-describedby': hint, autocapitalize: 'off', spellcheck: 'false' }),
        EditorView.updateListener.of((update) => update.docChanged && onChange(view.state.doc.toString())),
      ],
    }),
  });
  textarea.hidden = true;
  textarea.after(view.dom);
  view.scrollDOM.scrollTop = scrollTop;
  if (focused) view.focus();
  return {
    focus: () => view.focus(),
    /** One undoable change: Ctrl+Z brings the old text back. */
    replace: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    problem(line) {
      view.dispatch({ effects: setProblem.of(line) });
      if (line && line <= view.state.doc.lines) {
        view.dispatch({ effects: EditorView.scrollIntoView(view.state.doc.line(line).from, { y: 'center' }) });
      }
    },
  };
}
