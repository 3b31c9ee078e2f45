/**
 * Owns: the conflicts of one open notebook: finding them, showing them in its cells, going to them, settling them.
 * Must not know: how they look, in which words; commands, the status bar.
 * Invariant: only what the server knows to be a conflict is shown as one; a notebook that shows none asks for
 * nothing, and its editors are left alone.  A markdown cell in conflict is shown as source, for rendered its markers
 * would make headings of the lines above them.
 */

import { goToCell, viewIn } from './cell-editors.js';
import { carryOut, inShort, NAMES } from './conflict-choosing.js';
import { buttonAt } from './conflict-marks.js';
import { linesInConflict, namedConflicts, offers, shownIn } from './conflict-words.js';
import { mayConflict } from './markers.js';
import { contentOf } from './open-notebook.js';

/** @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel */
/** @typedef {import('@jupyterlab/cells').Cell} Cell */
/** @typedef {import('@codemirror/view').EditorView} View */
/** @typedef {import('./notebooks.js').Json} Json */
/** @typedef {import('./markers.js').Choice} Choice */
/** @typedef {import('./conflict-words.js').Told} Told */
/** @typedef {import('./conflict-words.js').Authored} Authored */
/** @typedef {{cell: number, line: number, has_base: boolean, local: Authored, remote: Authored}} FromServer */
/** @typedef {{cell: number, line: number}} Place */
/**
 * What all notebooks of a page share.
 * @typedef {object} Shared
 * @property {import('./server.js').NbmergeServer} server
 * @property {ReturnType<typeof import('./conflict-marks.js').conflictMarks>} marks
 * @property {import('./provider.js').NotebookProvider} provider
 * @property {import('./own-saves.js').OwnSaves} sent
 * @property {import('./words.js').Words} words
 * @property {(conflicts: NotebookConflicts) => void} changed
 */

const PAUSE = 250; // milliseconds without a change, after which conflicts are looked for
const FRAMES = 60; // of the screen, in which a conflict is drawn that was scrolled to
const WAIT = 5000; // milliseconds that a choice waits for the server: then the text alone is settled
/** @type {ReadonlyMap<string, Told>} */
const NONE = new Map();

export class NotebookConflicts {
  /**
   * @param {NotebookPanel} panel
   * @param {Shared} shared
   */
  constructor(panel, shared) {
    this.panel = panel;
    this._shared = shared;
    /** What is known of each cell's conflicts, by its id. @type {Map<string, ReadonlyMap<string, Told>>} */
    this._known = new Map();
    /** What the server was asked about each cell, by its id. @type {Map<string, string>} */
    this._asked = new Map();
    /** All conflicts, in order. @type {Place[]} */
    this.places = [];
    /** The conflict that was gone to last. @type {{cell: Cell, line: number} | null} */
    this._at = null;
    /** What the editors show. @type {WeakMap<View, ReadonlyMap<string, Told>>} */
    this._armed = new WeakMap();
    /** Markdown cells that are shown as source because of their conflicts. @type {Set<Cell>} */
    this._unrendered = new Set();
    /** @type {WeakSet<Cell>} */
    this._followed = new WeakSet();
    this._timer = 0;
    const { model } = panel.context;
    const change = () => this.later();
    model.contentChanged.connect(change);
    panel.disposed.connect(() => {
      clearTimeout(this._timer);
      model.contentChanged.disconnect(change);
    });
    this.later();
  }

  /** Look for conflicts in a moment. */
  later(pause = PAUSE) {
    clearTimeout(this._timer);
    this._timer = window.setTimeout(() => void this._look().catch(error => console.warn('nbmerge:', error)), pause);
  }

  get _cells() {
    return this.panel.content.widgets;
  }

  async _look() {
    if (this.panel.isDisposed) return;
    const texts = this._cells.map(cell => cell.model.sharedModel.getSource());
    const asked = texts.map(text => (mayConflict(text) ? linesInConflict(text) : ''));
    const isNew = asked.some((text, at) => text && this._asked.get(this._cells[at].model.id) !== text);
    if (isNew) await this._ask();
    else if (!asked.some(Boolean)) {
      this._known.clear();
      this._asked.clear();
    }
    if (!this.panel.isDisposed) this._show();
  }

  /** Ask the server about all cells with markers, if the notebook takes part. */
  async _ask() {
    const { path } = this.panel.context;
    const { provider, server } = this._shared;
    const replica = provider.replica(path);
    if (!replica) return;
    const cells = [...this._cells];
    const content = this._content();
    /** @type {{writer: string, named: boolean, conflicts: FromServer[]}} */
    const { writer, named, conflicts } = await server.conflicts(path, { base: replica.base, content });
    if (this.panel.isDisposed) return;
    this._known.clear();
    this._asked.clear();
    for (const [at, cell] of cells.entries()) {
      const { source } = content.cells[at];
      if (!mayConflict(source)) continue;
      this._asked.set(cell.model.id, linesInConflict(source));
      /** @type {Map<string, Told>} */
      const known = new Map();
      for (const [name, { first }] of namedConflicts(source)) {
        const found = conflicts.find(one => one.cell === at && one.line === first);
        if (!found) continue;
        known.set(name, { writer, named, hasBase: found.has_base, upper: found.local, lower: found.remote });
      }
      this._known.set(cell.model.id, known);
    }
    if (this._cells.some((cell, at) => cell.model.sharedModel.getSource() !== content.cells[at]?.source)) this.later();
  }

  /** The notebook as it is, in short. @returns {Json} */
  _content() {
    return inShort(contentOf(this.panel.context.model), mayConflict);
  }

  /** @param {Cell} cell */
  _knownOf(cell) {
    return this._known.get(cell.model.id) ?? NONE;
  }

  _show() {
    this.places = [];
    for (const [at, cell] of this._cells.entries()) {
      const known = this._knownOf(cell);
      const shown = known.size ? shownIn(cell.model.sharedModel.getSource(), known) : [];
      this.places.push(...shown.map(({ conflict }) => ({ cell: at, line: conflict.first })));
      if (shown.length) void this._arm(cell);
      this._showSource(cell, shown.length > 0);
    }
    this._shared.changed(this);
  }

  /**
   * Have the editor of a cell show its conflicts; it may have to be made first.
   * @param {Cell} cell
   */
  async _arm(cell) {
    await cell.ready;
    const view = viewIn(cell);
    if (cell.isDisposed || !view) return;
    const known = this._knownOf(cell);
    const { marks, sent, words } = this._shared;
    if (!this._armed.has(view)) {
      const actions = {
        sent,
        words,
        choose: (/** @type {number} */ line, /** @type {Choice} */ choice) => void this.choose(cell, line, choice),
        focused: (/** @type {number} */ line) => this._focused(cell, line),
        left: () => void this._toCell(cell)
      };
      /** @type {any} */ (cell.editor).injectExtension(marks.extension(actions));
    }
    if (this._armed.get(view) !== known) view.dispatch({ effects: marks.known.of(known) });
    this._armed.set(view, known);
  }

  /**
   * Show a markdown cell as source while it is in conflict, and as before when it is not.
   * @param {Cell} cell
   * @param {boolean} isInConflict
   */
  _showSource(cell, isInConflict) {
    const markdown = /** @type {import('@jupyterlab/cells').MarkdownCell} */ (cell);
    if (cell.model.type !== 'markdown') return;
    if (isInConflict && !this._followed.has(cell)) {
      this._followed.add(cell);
      markdown.renderedChanged?.connect(() => this.later(0));
    }
    if (isInConflict && markdown.rendered) {
      markdown.rendered = false;
      this._unrendered.add(cell);
    } else if (!isInConflict && this._unrendered.delete(cell) && !this._isEdited(cell)) markdown.rendered = true;
  }

  /** @param {Cell} cell */
  _isEdited(cell) {
    return this.panel.content.activeCell === cell && this.panel.content.mode === 'edit';
  }

  /**
   * Go to the next conflict, or to the one before, round the end.
   * @param {1 | -1} direction
   */
  async go(direction) {
    if (!this.places.length) return;
    const here = this._here();
    const { places } = this;
    const isBehind = (/** @type {Place} */ one) =>
      one.cell > here.cell || (one.cell === here.cell && one.line > here.line);
    const isBefore = (/** @type {Place} */ one) =>
      one.cell < here.cell || (one.cell === here.cell && one.line < here.line);
    const found =
      direction > 0 ? (places.find(isBehind) ?? places[0]) : (places.findLast(isBefore) ?? places[places.length - 1]);
    await this._reveal(found);
  }

  /**
   * Where somebody is: at the conflict whose buttons they use, else where they type, else before their cell.
   * @returns {Place}
   */
  _here() {
    const { activeCell, activeCellIndex, mode } = this.panel.content;
    if (activeCell && this._at?.cell === activeCell && mode === 'command') {
      return { cell: activeCellIndex, line: this._at.line };
    }
    const line = activeCell && mode === 'edit' ? activeCell.editor?.getCursorPosition().line : undefined;
    return { cell: activeCellIndex, line: line ?? -1 };
  }

  /** The conflict that somebody is at or in, else the next one. @returns {Place | undefined} */
  get current() {
    const here = this._here();
    const before = this.places.findLast(one => one.cell === here.cell && one.line <= here.line);
    return before ?? this.places.find(one => one.cell >= here.cell) ?? this.places[0];
  }

  /**
   * Show a conflict, and give its first button the focus.
   * @param {Place} place
   */
  async _reveal({ cell: at, line }) {
    const cell = this._cells[at];
    const here = { cell, line };
    const going = goToCell(this.panel, at, true);
    this._at = here;
    const view = await going;
    if (!view || this._at !== here) return; // by then somebody has gone on
    await this._arm(cell);
    this._shared.marks.reveal(view, line);
    const button = await buttonThere(view, line);
    if (this._at !== here) return;
    button?.scrollIntoView({ block: 'nearest' });
    button?.focus();
  }

  /** A button of a conflict has got the focus. @param {Cell} cell @param {number} line */
  _focused(cell, line) {
    const { content } = this.panel;
    const at = content.widgets.indexOf(cell);
    // Not by its property, which would give the focus to the cell.
    const { setMode } = /** @type {any} */ (content);
    if (setMode) setMode.call(content, 'command', { focus: false });
    if (content.activeCellIndex !== at) content.activeCellIndex = at;
    this._at = { cell, line };
  }

  /** The cell as a whole, as Escape does in its text. @param {Cell} cell */
  _toCell(cell) {
    const { content } = this.panel;
    content.mode = 'command';
    (cell.node.tabIndex < 0 ? content.node : cell.node).focus(); // before JupyterLab 4.1 cells take no focus
  }

  /**
   * Settle the conflict that somebody is at.
   * @param {import('./conflict-words.js').Kind} kind
   */
  async take(kind) {
    const place = this.current;
    const cell = place && this._cells[place.cell];
    if (!cell) return;
    const shown = shownIn(cell.model.sharedModel.getSource(), this._knownOf(cell));
    const found = shown.find(one => one.conflict.first === place.line);
    const offer =
      found && offers(found, this._shared.sent, this._shared.words, Date.now()).find(one => one.kind === kind);
    if (offer) await this.choose(cell, place.line, offer.choice);
  }

  /**
   * Settle a conflict.
   * @param {Cell} cell
   * @param {number} line
   * @param {Choice} choice
   */
  async choose(cell, line, choice) {
    const place = this._cells.indexOf(cell);
    const { path, model } = this.panel.context;
    const { provider, server } = this._shared;
    const replica = provider.replica(path);
    const content = this._content();
    const request = { base: replica?.base ?? '', content, cell: place, line, choice: NAMES[choice] };
    const made = replica ? await server.settle(path, request, WAIT).catch(failed) : null;
    const asked = { content, place, line, choice };
    const trusting = () => void (/** @type {any} */ (cell.model.trusted = made?.trusted === true));
    const done = carryOut(model.sharedModel, cell.model.sharedModel, asked, made?.operations ?? null, trusting);
    const { activeCell } = this.panel.content;
    if (done === 'done') this._typeOn(cell, line);
    else if (done === 'deleted' && activeCell) this._toCell(activeCell); // where Z brings the cell back
    this._at = null;
    this.later(0);
  }

  /** Go on in the text, where the conflict was. @param {Cell} cell @param {number} line */
  _typeOn(cell, line) {
    const { content } = this.panel;
    content.activeCellIndex = content.widgets.indexOf(cell);
    content.mode = 'edit';
    cell.editor?.focus();
    const last = (cell.editor?.lineCount ?? 1) - 1;
    cell.editor?.setCursorPosition({ line: Math.min(line, last), column: 0 });
  }
}

/** @param {unknown} error */
function failed(error) {
  console.warn('nbmerge: the text alone is settled:', error);
  return null;
}

/**
 * The first button of a conflict that was scrolled to, once it is drawn.
 * @param {View} view
 * @param {number} line
 */
async function buttonThere(view, line) {
  for (let left = FRAMES; left > 0; left--) {
    await new Promise(done => requestAnimationFrame(done));
    const button = buttonAt(view, line);
    if (button) return button;
  }
  return null;
}
