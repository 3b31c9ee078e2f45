/**
 * Owns: how conflicts look in the editor of a cell: the colours of their sides, and the row of buttons above each.
 * Must not know: notebooks, requests, what a choice does.
 * Invariant: the text is shown as it is and can be edited everywhere; what markers say is put on the page as text.
 * An editor without conflicts is not touched.
 */

import { offers, ownSide, shownIn } from './conflict-words.js';
import { button, element } from './elements.js';
import { isDeleted } from './markers.js';

/** @typedef {import('./markers.js').Choice} Choice */
/** @typedef {import('./conflict-words.js').Shown} Shown */
/** @typedef {import('./conflict-words.js').Told} Told */
/** @typedef {import('./words.js').Words} Words */
/** @typedef {import('@codemirror/view').EditorView} View */
/** @typedef {import('@codemirror/state').EditorState} State */
/**
 * `focused`: a button has got the focus; `left`: Escape was pressed on one.
 * @typedef {object} RowActions
 * @property {import('./conflict-words.js').Sent} sent the tokens of what this tab has saved
 * @property {Words} words
 * @property {(line: number, choice: Choice) => void} choose
 * @property {(line: number) => void} focused
 * @property {() => void} left
 */
/** @typedef {{known: ReadonlyMap<string, Told>, shown: Shown[], decorations: any}} Marked */

const ROW = 'nbmerge-conflict';

/**
 * What draws conflicts, made of the page's own CodeMirror.
 * @param {import('./cell-editors.js').CodeMirror} codeMirror
 */
export function conflictMarks({ state: { StateEffect, StateField }, view: { Decoration, EditorView, WidgetType } }) {
  /** @type {import('@codemirror/state').StateEffectType<ReadonlyMap<string, Told>>} */
  const known = StateEffect.define();
  /** @type {Map<string, import('@codemirror/view').Decoration>} */
  const lines = new Map();
  const ofLine = (/** @type {string} */ name) => {
    const found = lines.get(name) ?? Decoration.line({ class: name });
    lines.set(name, found);
    return found;
  };

  class Row extends WidgetType {
    /** @param {Shown} shown @param {string} place @param {RowActions} actions */
    constructor(shown, place, actions) {
      super();
      this.offers = offers(shown, actions.sent, actions.words, Date.now());
      this.line = shown.conflict.first;
      this.place = place;
      this.actions = actions;
      this.same = JSON.stringify([this.line, this.place, this.offers]);
    }
    /** @param {Row} other */
    eq(other) {
      return other.same === this.same;
    }
    toDOM() {
      return rowOf(this);
    }
  }

  class Note extends WidgetType {
    /** @param {string} text */
    constructor(text) {
      super();
      this.text = text;
    }
    /** @param {Note} other */
    eq(other) {
      return other.text === this.text;
    }
    toDOM() {
      return element('span', { class: 'nbmerge-conflict-note' }, this.text);
    }
  }

  /** @param {State} state @param {ReadonlyMap<string, Told>} told @param {RowActions} actions @returns {Marked} */
  const marked = (state, told, actions) => {
    const shown = told.size ? shownIn(state.doc.sliceString(0, undefined, '\n'), told) : [];
    /** @type {import('@codemirror/state').Range<import('@codemirror/view').Decoration>[]} */
    const ranges = [];
    for (const [at, one] of shown.entries()) {
      const { words } = actions;
      const count = shown.length;
      const place = count > 1 ? words.__('Conflict %1 of %2', at + 1, count) : words.__('Conflict');
      const { first, last } = one.conflict;
      const row = Decoration.widget({ widget: new Row(one, place, actions), side: -1, block: true });
      ranges.push(row.range(state.doc.line(first + 1).from));
      for (let line = first; line <= last; line++) {
        const { from, to } = state.doc.line(line + 1);
        const { name, note } = lookOf(one, line, actions);
        ranges.push(ofLine(name).range(from));
        if (note) ranges.push(Decoration.widget({ widget: new Note(note), side: 1 }).range(to));
      }
    }
    return { known: told, shown, decorations: Decoration.set(ranges, true) };
  };

  return {
    /** What an editor is told of the conflicts in its text. */
    known,
    /** What an editor needs to show conflicts, once for each. @param {RowActions} actions */
    extension: actions => {
      /** @type {import('@codemirror/state').StateField<Marked>} */
      const field = StateField.define({
        create: state => marked(state, new Map(), actions),
        update: (value, transaction) => {
          const effect = transaction.effects.find(one => one.is(known));
          if (!effect && !transaction.docChanged) return value;
          const told = /** @type {ReadonlyMap<string, Told>} */ (effect ? effect.value : value.known);
          return marked(transaction.state, told, actions);
        },
        provide: made => EditorView.decorations.from(made, value => value.decorations)
      });
      return field;
    },
    /** Show a line in the middle, and put the caret at its beginning. @param {View} view @param {number} line */
    reveal: (view, line) => {
      const { from } = view.state.doc.line(Math.min(line + 1, view.state.doc.lines));
      view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) });
    }
  };
}

/** The first button of the conflict that begins in a line. @param {View} view @param {number} line */
export const buttonAt = (view, line) =>
  /** @type {HTMLElement | null} */ (view.dom.querySelector(`.${ROW}[data-line="${line}"] button`));

/**
 * How a line of a conflict looks, and what is said behind it.
 * @param {Shown} shown
 * @param {number} line
 * @param {RowActions} actions
 */
function lookOf(shown, line, { sent, words }) {
  const { first, base, middle, last, labels } = shown.conflict;
  const own = ownSide(shown, sent);
  const part = line < (base ?? middle) ? 'upper' : line < middle ? 'base' : line > middle ? 'lower' : 'middle';
  const isMarker = line === first || line === base || line === middle || line === last;
  const name = `nbmerge-line nbmerge-line-${part}${isMarker ? ' nbmerge-line-marker' : ''}`;
  if (line !== first && line !== last) return { name, note: '' };
  const notes = [];
  if (own) notes.push(own === part ? words.__('mine') : words.__('theirs'));
  if (isDeleted(labels[line === first ? 0 : 1])) notes.push(words.__('has no such cell'));
  return { name, note: notes.join(', ') };
}

/**
 * The buttons of a conflict.
 * @param {{offers: import('./conflict-words.js').Offer[], line: number, place: string, actions: RowActions}} row
 */
function rowOf({ offers: offered, line, place, actions }) {
  const row = element(
    'div',
    { class: ROW, 'data-line': line, role: 'group', 'aria-label': place },
    element('span', { class: 'nbmerge-conflict-place' }, place),
    ...offered.map(one => buttonOf(one, () => actions.choose(line, one.choice)))
  );
  // JupyterLab would give the focus to the text: a button is a part of its editor.
  row.addEventListener('focusin', event => {
    event.stopPropagation();
    actions.focused(line);
  });
  row.addEventListener('mousedown', event => event.preventDefault());
  row.addEventListener('keydown', event => {
    if (event.key === 'Escape') actions.left();
    else if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') step(row, event.key === 'ArrowRight' ? 1 : -1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return row;
}

/**
 * @param {import('./conflict-words.js').Offer} offer
 * @param {() => void} chosen
 */
function buttonOf({ kind, choice, title, detail, hint }, chosen) {
  const attributes = { class: `nbmerge-choice nbmerge-choice-${choice}`, 'data-kind': kind, name: hint };
  const made = button('', chosen, attributes);
  // The direction in which a label is written ends with it.
  made.append(element('bdi', { class: 'nbmerge-choice-title' }, title));
  if (detail) made.append(element('bdi', { class: 'nbmerge-choice-detail' }, detail));
  return made;
}

/** @param {HTMLElement} row @param {number} by */
function step(row, by) {
  const buttons = [...row.querySelectorAll('button')];
  const at = buttons.findIndex(one => one === document.activeElement);
  buttons[(at + by + buttons.length) % buttons.length]?.focus();
}
