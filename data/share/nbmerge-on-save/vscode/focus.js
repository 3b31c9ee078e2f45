/**
 * Owns: giving the cursor back when VS Code makes the cell anew in which somebody types.
 * Must not know: why the cell was made anew.
 * Invariant: the cursor goes back only to the cell that had it, in the notebook that has the focus, and only if
 * nobody has put it elsewhere meanwhile.
 */

import { splices } from './text.js';

/** @typedef {typeof import('vscode')} VSCode */
/** @typedef {import('vscode').NotebookDocument} NotebookDocument */
/** @typedef {import('vscode').NotebookCell} NotebookCell */
/** @typedef {{notebook: NotebookDocument, cell: NotebookCell, id: unknown, selections: readonly import('vscode').Selection[], text: string}} Place */

const LOOKS = 25; // for the new cell's editor
const PAUSE = 20; // milliseconds between them
const SOON = 4; // the same, while keys go nowhere

export class Focus {
  /** @param {VSCode} vscode */
  constructor(vscode) {
    this.vscode = vscode;
    /** @type {Place | null} */
    this._last = null;
    this._attempts = 0; // to bring the cursor back; while there are any, what moves is not the person's doing
  }

  /** Where the cursor is now. */
  note() {
    if (this._attempts) return;
    const { activeTextEditor, activeNotebookEditor } = this.vscode.window;
    const notebook = activeNotebookEditor?.notebook;
    const cell = notebook?.getCells().find(one => one.document === activeTextEditor?.document);
    if (activeTextEditor && notebook && cell) {
      this._last = { notebook, cell, id: idOf(cell), selections: activeTextEditor.selections, text: '' };
    }
  }

  /**
   * Cells were taken out and put in.
   * @param {import('vscode').NotebookDocumentChangeEvent} event
   * @returns {Promise<void>}
   */
  async changed({ notebook, contentChanges }) {
    const last = this._last;
    if (!last || notebook !== last.notebook || last.id === undefined) return;
    if (!contentChanges.some(change => change.removedCells.includes(last.cell))) return;
    const editor = this.vscode.window.activeNotebookEditor;
    const cell = notebook.getCells().find(one => idOf(one) === last.id);
    if (!cell || editor?.notebook !== notebook) return;
    const place = { ...last, cell, text: last.cell.document.getText() };
    this._last = place; // the cell may be made anew once more before the cursor is in it
    this._attempts++;
    try {
      await this._select(place);
      if (this._last !== place) return;
      editor.selections = [new this.vscode.NotebookRange(cell.index, cell.index + 1)];
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
        // What has been typed since the focus came has moved the cursor on.
        if (!isFocused || found.selection.isEqual(new this.vscode.Selection(0, 0, 0, 0))) {
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

/**
 * Where a place of a text is after changes of it.
 * @param {import('./text.js').Splice[]} changes
 * @param {number} offset
 */
function shifted(changes, offset) {
  let shift = 0;
  for (const { from, to, text } of changes) {
    if (to <= offset) shift += text.length - (to - from);
    else if (from < offset) return from + shift + text.length;
  }
  return offset + shift;
}

/** @param {NotebookCell} cell @returns {unknown} */
const idOf = cell => cell.metadata.id;
