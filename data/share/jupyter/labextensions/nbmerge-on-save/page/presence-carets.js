/**
 * Owns: the carets and selections of others as they are drawn in an editor.
 * Must not know: who they are, where they come from.
 * Invariant: nothing of it is in the text, in the undo history, or in the elements that hold the text, so that typing
 * and composing characters go on beside it; whatever place is given, it is drawn within the text, and it
 * moves with the text.
 *
 * It is drawn in layers above and below the text, as CodeMirror draws its own selection.
 */

import { element } from './elements.js';
import { paint } from './presence-colours.js';

/** @typedef {import('@codemirror/view').EditorView} EditorView */
/** @typedef {import('@codemirror/view').LayerMarker} LayerMarker */
/**
 * `ranges` are pairs of anchor and head; `moved` is another number whenever they were told anew.
 * @typedef {object} Caret
 * @property {string} id
 * @property {string} name
 * @property {string} colour
 * @property {string} ink the colour of text on it
 * @property {readonly (readonly [number, number])[]} ranges
 * @property {number} moved
 */
/** @typedef {{left: number, top: number, width: number | null, height: number}} Box */

const LABEL = 18; // pixels high
const WIDEST = 160; // pixels of a name
const BESIDE = 6; // pixels between a caret and a label behind it
/** Where a label is, from its caret, in pixels. @typedef {{side: string, left: number}} Spot */

class Shape {
  /**
   * @param {string} kind
   * @param {Caret} caret
   * @param {Box} box
   * @param {Spot | null} label
   */
  constructor(kind, caret, box, label = null) {
    this.kind = kind;
    this.caret = caret;
    this.box = box;
    this.label = label;
  }

  /** @param {any} other */
  eq(other) {
    const [a, b] = [this.box, other.box];
    const isSamePlace = a.left === b.left && a.top === b.top && a.width === b.width && a.height === b.height;
    return isSamePlace && this._looksLike(other);
  }

  draw() {
    const { label, caret, kind } = this;
    const named = label && element('span', { class: `nbmerge-caret-label nbmerge-${label.side}` }, caret.name);
    const node = element('div', { class: `nbmerge-${kind}`, 'aria-hidden': 'true' }, named);
    paint(node, caret);
    this._place(node);
    return node;
  }

  /**
   * A label that was shown is not shown again because the text around it moves.
   * @param {HTMLElement} node
   * @param {any} old
   */
  update(node, old) {
    if (!this._looksLike(old)) return false;
    this._place(node);
    return true;
  }

  /** @param {Shape} other */
  _looksLike({ kind, caret, label }) {
    const { id, colour, moved } = this.caret;
    const isSame = id === caret.id && colour === caret.colour && moved === caret.moved;
    return isSame && kind === this.kind && label?.side === this.label?.side;
  }

  /** @param {HTMLElement} node */
  _place(node) {
    const { left, top, width, height } = this.box;
    node.style.left = `${left}px`;
    node.style.top = `${top}px`;
    node.style.height = `${height}px`;
    node.style.width = width === null ? '' : `${width}px`;
    const label = /** @type {HTMLElement | null} */ (node.firstChild);
    if (label && this.label) label.style.left = `${this.label.left}px`;
  }
}

/**
 * Where a label can be read: above its line; in the first line below it; where there is but one line, behind that.
 * It stays within the editor, which would be given a scroll bar otherwise.
 * @param {EditorView} view
 * @param {Caret} caret
 * @param {Box} box
 * @param {Box | undefined} end of the line
 * @returns {Spot}
 */
function spotOf(view, caret, box, end) {
  const { scrollDOM, contentDOM } = view;
  const room = scrollDOM.scrollLeft + scrollDOM.clientWidth - box.left - widthOf(caret.name);
  const left = Math.min(0, room);
  if (box.top >= LABEL) return { side: 'above', left };
  if (box.top + box.height + LABEL <= contentDOM.offsetHeight) return { side: 'below', left };
  const beyond = (end?.left ?? box.left) - box.left + BESIDE;
  return { side: 'behind', left: beyond <= room ? beyond : Math.min(BESIDE, room) };
}

/** About how wide a name is, in pixels. @param {string} name */
function widthOf(name) {
  let width = 10;
  for (const character of name) width += character > '\u2e80' ? 12 : 8;
  return Math.min(width, WIDEST);
}

/** Draws others' carets with the page's own CodeMirror, of which no other copy would do. */
export class Carets {
  /** @param {import('./cell-editors.js').CodeMirror} codeMirror */
  constructor({ state, view }) {
    this._view = view;
    /** @type {import('@codemirror/state').StateEffectType<readonly Caret[]>} */
    this._set = state.StateEffect.define();
    this._append = state.StateEffect.appendConfig;
    this._selection = state.EditorSelection;
    /** @type {import('@codemirror/state').StateField<readonly Caret[]>} */
    this._field = state.StateField.define({
      create: () => /** @type {readonly Caret[]} */ ([]),
      update: (carets, transaction) => this._updated(carets, transaction)
    });
    this._extension = [this._field, this._layer(false), this._layer(true)];
  }

  /**
   * Show these, and no others.
   * @param {EditorView} view
   * @param {readonly Caret[]} carets
   */
  show(view, carets) {
    const shown = view.state.field(this._field, false);
    if (!carets.length && !shown?.length) return;
    if (!shown && view.composing) return; // nothing is added to an editor while a character is being composed
    const { length } = view.state.doc;
    const within = carets.map(one => withPlaces(one, offset => clamped(offset, length)));
    if (shown && JSON.stringify(shown) === JSON.stringify(within)) return;
    const effects = [this._set.of(within)];
    view.dispatch({ effects: shown ? effects : [this._append.of(this._extension), ...effects] });
  }

  /** @param {EditorView} view @param {number} offset */
  reveal(view, offset) {
    const place = clamped(offset, view.state.doc.length);
    view.dispatch({ effects: this._view.EditorView.scrollIntoView(place, { y: 'center' }) });
  }

  /**
   * @param {readonly Caret[]} carets
   * @param {import('@codemirror/state').Transaction} transaction
   * @returns {readonly Caret[]}
   */
  _updated(carets, { effects, docChanged, changes }) {
    for (const effect of effects) if (effect.is(this._set)) return effect.value;
    if (!docChanged || !carets.length) return carets;
    return carets.map(one => withPlaces(one, offset => changes.mapPos(offset, 1)));
  }

  /** @param {boolean} above */
  _layer(above) {
    return this._view.layer({
      above,
      class: above ? 'nbmerge-carets' : 'nbmerge-selections',
      update: ({ state, startState, docChanged, geometryChanged, viewportChanged }) => {
        const carets = state.field(this._field);
        if (carets !== startState.field(this._field, false)) return true;
        return Boolean(carets.length) && (docChanged || geometryChanged || viewportChanged);
      },
      markers: view => {
        const carets = view.state.field(this._field);
        return carets.flatMap(one => (above ? this._caretOf(view, one) : this._selectionsOf(view, one)));
      }
    });
  }

  /**
   * The caret of the first range has the label.
   * @param {EditorView} view
   * @param {Caret} caret
   * @returns {LayerMarker[]}
   */
  _caretOf(view, caret) {
    return caret.ranges.flatMap(([, head], number) =>
      this._boxes(view, head, head).map(box => {
        const line = { left: box.left - 1, top: box.top, width: 2, height: box.height };
        if (number) return new Shape('caret', caret, line);
        const { to } = view.state.doc.lineAt(head);
        const [end] = this._boxes(view, to, to);
        return new Shape('caret', caret, line, spotOf(view, caret, box, end));
      })
    );
  }

  /**
   * @param {EditorView} view
   * @param {Caret} caret
   * @returns {LayerMarker[]}
   */
  _selectionsOf(view, caret) {
    const selected = caret.ranges.filter(([anchor, head]) => anchor !== head);
    return selected.flatMap(([anchor, head]) =>
      this._boxes(view, anchor, head).map(({ left, top, width, height }) => {
        return new Shape('selection', caret, { left, top, width, height });
      })
    );
  }

  /**
   * @param {EditorView} view
   * @param {number} anchor
   * @param {number} head
   */
  _boxes(view, anchor, head) {
    const range = anchor === head ? this._selection.cursor(head) : this._selection.range(anchor, head);
    return this._view.RectangleMarker.forRange(view, '', range);
  }
}

/**
 * @param {Caret} caret
 * @param {(offset: number) => number} moved
 * @returns {Caret}
 */
const withPlaces = (caret, moved) => ({
  ...caret,
  ranges: caret.ranges.map(([anchor, head]) => [moved(anchor), moved(head)])
});

/** @param {number} offset @param {number} length */
const clamped = (offset, length) => Math.max(0, Math.min(offset, length));
