/**
 * Owns: giving the cursor back when VS Code makes the cell anew in which somebody types, or when others' cells push it
 * out of view, for then VS Code takes the cursor out of it.
 * Must not know: why the cell was made anew.
 * Invariant: the cursor goes back only to the cell that had it, in the notebook that has the focus, and only if
 * nobody has put it elsewhere meanwhile.  VS Code does not say whether a terminal, a chat or a search has the keys: they
 * are drawn into the cell only where a key or the mouse was seen in it lately.
 */

import { splices } from './text.js';

/** @typedef {typeof import('vscode')} VSCode */
/** @typedef {import('vscode').NotebookDocument} NotebookDocument */
/** @typedef {import('vscode').NotebookCell} NotebookCell */
/** @typedef {{notebook: NotebookDocument, cell: NotebookCell, id: unknown, index: number, selections: readonly import('vscode').Selection[], text: string, at: number}} Place */

const LOOKS = 25; // for the new cell's editor
const MOVING = 600; // milliseconds in which VS Code draws cells in their new places
const LATELY = 10_000; // milliseconds after a key in which the next is meant for the same cell
const PAUSE = 20; // milliseconds between them
const SOON = 4; // the same, while keys go nowhere

export class Focus {
  /**
   * @param {VSCode} vscode
   * @param {() => number} now milliseconds
   */
  constructor(vscode, now = Date.now) {
    this.vscode = vscode;
    this.now = now;
    /** @type {Place | null} */
    this._last = null;
    this._until = 0; // when what others have put in may have pushed the cursor out of view
    this._attempts = 0; // to bring the cursor back; while there are any, what moves is not the person's doing
  }

  /** The cursor has moved. @param {import('vscode').TextEditorSelectionChangeEvent} event */
  moved({ kind }) {
    const { Keyboard, Mouse } = this.vscode.TextEditorSelectionChangeKind;
    this.note(kind === Keyboard || kind === Mouse); // not by others' text, or by us
  }

  /** Where the cursor is now. @param {boolean} isOwn a key or the mouse has put it there */
  note(isOwn = false) {
    if (this._attempts) return;
    const { activeTextEditor, activeNotebookEditor } = this.vscode.window;
    const notebook = activeNotebookEditor?.notebook;
    const cell = notebook?.getCells().find(one => one.document === activeTextEditor?.document);
    if (activeTextEditor && notebook && cell) {
      if (this._isTakenOut(cell, activeTextEditor)) {
        void this._restore({ .../** @type {Place} */ (this._last), text: cell.document.getText() });
        return;
      }
      const at = isOwn || this._last === null || idOf(cell) !== this._last.id ? this.now() : this._last.at;
      this._last = { notebook, cell, id: idOf(cell), index: cell.index, selections: activeTextEditor.selections, text: '', at };
    }
  }

  /**
   * Whether it was VS Code that has put the cursor to the beginning of its cell: where others' cells push a cell out of
   * view, its editor is made anew and has no focus, though it is said to be the active one.
   * @param {NotebookCell} cell
   * @param {import('vscode').TextEditor} editor
   */
  _isTakenOut(cell, { selection }) {
    const last = this._last;
    return this.now() < this._until && cell === last?.cell && isAtBeginning(selection) && !isAtBeginning(last.selections[0]);
  }

  /**
   * Cells were taken out and put in.
   * @param {import('vscode').NotebookDocumentChangeEvent} event
   * @param {boolean} isBrought others' work has just come
   * @returns {Promise<void>}
   */
  async changed({ notebook, contentChanges }, isBrought) {
    const last = this._last;
    if (!last || notebook !== last.notebook || !contentChanges.length) return;
    if (isBrought) this._until = this.now() + MOVING;
    const { activeTextEditor } = this.vscode.window;
    if (isBrought && last.cell.index >= 0 && last.cell.index !== last.index && activeTextEditor?.document === last.cell.document) {
      // VS Code goes on to select the place where the cell was: another cell is there now.
      await this._restore({ ...last, text: last.cell.document.getText() });
      return;
    }
    if (last.id === undefined || !contentChanges.some(change => change.removedCells.includes(last.cell))) return;
    const cell = notebook.getCells().find(one => idOf(one) === last.id);
    if (cell) await this._restore({ ...last, cell, text: last.cell.document.getText() });
  }

  /** The editors that are to be seen are others: one that others' cells have pushed out of view is scrolled to. */
  async viewed() {
    const last = this._last;
    if (!last || this._attempts || this.now() > this._until) return;
    const { document, index } = last.cell;
    const { activeTextEditor, visibleTextEditors } = this.vscode.window;
    const isElsewhere = last.notebook.getCells().some(one => one !== last.cell && one.document === activeTextEditor?.document);
    if (index < 0 || isElsewhere || visibleTextEditors.some(one => one.document === document)) return;
    await this._restore({ ...last, text: document.getText() });
  }

  /** @param {Place} place */
  async _restore(place) {
    const { notebook, cell } = place;
    const editor = this.vscode.window.activeNotebookEditor;
    if (editor?.notebook !== notebook) return;
    this._last = place; // the cell may be made anew once more before the cursor is in it
    this._attempts++;
    try {
      const range = new this.vscode.NotebookRange(cell.index, cell.index + 1);
      editor.selections = [range];
      editor.revealRange(range);
      await this._select(place);
      if (this._last !== place || this.now() - place.at > LATELY) return;
      await this.vscode.commands.executeCommand('notebook.cell.edit');
      await this._select(place, true);
    } finally {
      this._attempts--;
    }
    this.note();
  }

  /**
   * Put the cursor where it was: before the cell has the focus, or else the first keys would come to the cell's beginning.
   * @param {Place} place
   * @param {boolean} isFocused
   */
  async _select(place, isFocused = false) {
    const { cell, selections, text } = place;
    const { window } = this.vscode;
    for (let look = 0; look < LOOKS && this._last === place; look++) {
      const shown = isFocused ? [window.activeTextEditor] : window.visibleTextEditors;
      const found = shown.find(one => one?.document === cell.document);
      if (found) {
        if (isAtBeginning(found.selection)) { // else the editor is still there, or somebody has typed on
          found.selections = selections.map(one => this._moved(text, cell, one));
        }
        return;
      }
      await new Promise(done => setTimeout(done, isFocused ? PAUSE : SOON));
    }
  }

  /**
   * A selection of a text where that has become another.
   * @param {string} text
   * @param {NotebookCell} cell
   * @param {import('vscode').Selection} selection
   */
  _moved(text, { document }, { anchor, active }) {
    const changes = splices(text, document.getText());
    /** @param {import('vscode').Position} position */
    const moved = ({ line, character }) => {
      const offset = text.split('\n').slice(0, line).join('\n').length + (line ? 1 : 0) + character;
      return document.positionAt(shifted(changes, offset));
    };
    return new this.vscode.Selection(moved(anchor), moved(active));
  }
}

/** @param {import('vscode').Selection} selection */
const isAtBeginning = ({ isEmpty, active }) => isEmpty && active.line === 0 && active.character === 0;

/**
 * Where a place of a text is after changes of it.
 * @param {import('./text.js').Splice[]} changes
 * @param {number} offset
 */
function shifted(changes, offset) {
  let shift = 0;
  for (const { from, to, text } of changes) {
    if (from === offset) break; // what is put in just here comes behind it
    if (to <= offset) shift += text.length - (to - from);
    else if (from < offset) return from + shift + text.length;
  }
  return offset + shift;
}

/** @param {NotebookCell} cell @returns {unknown} */
const idOf = cell => cell.metadata.id;
