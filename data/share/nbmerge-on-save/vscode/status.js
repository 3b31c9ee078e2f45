/**
 * Owns: the item in the status bar, and the log.
 * Must not know: how things came about.
 * Invariant: it is silent while nothing happens, and what it says goes away; a problem stays until it is over.
 */

/** @typedef {typeof import('vscode')} VSCode */
/** @typedef {import('vscode').NotebookDocument} NotebookDocument */
/** @typedef {import('./copy.js').Came} Came */

const SHOWN = 60_000; // milliseconds

export class Status {
  /**
   * @param {VSCode} vscode
   * @param {import('vscode').LogOutputChannel} channel
   */
  constructor(vscode, channel) {
    this.vscode = vscode;
    this.channel = channel;
    this.item = vscode.window.createStatusBarItem('nbmerge', vscode.StatusBarAlignment.Left, 0);
    this.item.name = 'nbmerge';
    /** @type {WeakMap<NotebookDocument, {text: string, command: string, until: number}>} */
    this._notes = new WeakMap();
    /** @type {string | null} */
    this._problem = null;
    /** @type {NodeJS.Timeout | undefined} */
    this._timer = undefined;
  }

  /**
   * What others saved has come into a notebook.
   * @param {NotebookDocument} document
   * @param {Came[]} came
   * @param {number} conflicts
   */
  came(document, came, conflicts) {
    const parts = came.map(inWords);
    if (conflicts) parts.unshift(`${counted(conflicts, 'conflict')}, between markers`);
    this._note(document, `$(git-merge) ${parts.join('; ') || 'changes that others saved'}`);
    this.log(`${document.uri.fsPath}: ${parts.join('; ')}`);
  }

  /** An undo has taken out what others saved. @param {NotebookDocument} document */
  undone(document) {
    this._note(document, "$(discard) Undo took out others' changes: back when you save");
  }

  /** What an undo took out is there again. @param {NotebookDocument} document */
  back(document) {
    this._note(document, "$(git-merge) Others' changes that undo took out are back");
  }

  /** A cell that others had inserted is out: VS Code does not say whether by an undo or by hand. @param {NotebookDocument} document */
  gone(document) {
    this._note(document, '$(discard) A cell that others inserted is out: click to put back', 'nbmerge.lost');
  }

  /** Why nothing is merged just now; null: nothing is wrong. @param {string | null} why */
  problem(why) {
    if (why !== null) this.log(why);
    this._problem = why;
    this._show();
  }

  /** @param {string} line */
  log(line) {
    this.channel.info(line);
  }

  /** Another notebook is looked at. */
  shows() {
    this._show();
  }

  dispose() {
    clearTimeout(this._timer);
    this.item.dispose();
  }

  /**
   * @param {NotebookDocument} document
   * @param {string} text
   * @param {string} command what a click does
   */
  _note(document, text, command = 'nbmerge.changes') {
    this._notes.set(document, { text, command, until: Date.now() + SHOWN });
    this._show();
  }

  _show() {
    clearTimeout(this._timer);
    const document = this.vscode.window.activeNotebookEditor?.notebook;
    const note = document && this._notes.get(document);
    const left = note ? note.until - Date.now() : 0;
    if (this._problem !== null) {
      this.item.text = '$(warning) nbmerge does not run';
      this.item.tooltip = `${this._problem}\nNotebooks are saved as without it. Click to see the log.`;
      this.item.command = 'nbmerge.log';
      this.item.show();
    } else if (note && left > 0) {
      this.item.text = note.text;
      const click = note.command === 'nbmerge.lost' ? 'what can be put back' : 'what changed';
      this.item.tooltip = `nbmerge: ${note.text.replace(/^\$\(.*?\) /, '')}\nClick to see ${click}.`;
      this.item.command = note.command;
      this.item.show();
      this._timer = setTimeout(() => this._show(), left);
    } else this.item.hide();
  }
}

/** @param {Came} came */
function inWords({ writer, cells, lines }) {
  const what = lines === 0 ? counted(cells, 'cell') : `${counted(lines, 'line')} in ${counted(cells, 'cell')}`;
  return `${what} from ${writer}`;
}

/**
 * @param {number} count
 * @param {string} thing
 */
const counted = (count, thing) => `${count} ${thing}${count === 1 ? '' : 's'}`;
