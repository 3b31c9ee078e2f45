/**
 * Owns: an open notebook of VS Code as text and back: what it would write into its file, whether it shows what
 * a file says, and bringing operations into it.
 * Must not know: servers, tokens, when this happens.
 * Invariant: the text says what VS Code writes, most often to the byte; what was meant for an older state of the
 * notebook is carried over to what has been typed since, or else nothing of it is brought in: half of it would be taken
 * for the person's own typing, in conflict with what others go on to make of it.
 */

import { joined, sameJson } from './notebooks.js';
import { planned } from './plan.js';
import { carried, spliced, splices } from './text.js';

/** @typedef {typeof import('vscode')} VSCode */
/** @typedef {import('vscode').NotebookDocument} NotebookDocument */
/** @typedef {import('vscode').NotebookCell} NotebookCell */
/** @typedef {import('vscode').NotebookData} NotebookData */
/** @typedef {import('vscode').NotebookCellData} NotebookCellData */
/** @typedef {import('./notebooks.js').Json} Json */
/** @typedef {import('./notebooks.js').Operation} Operation */
/** @typedef {import('./plan.js').Plan} Plan */
/** What runs have left in a cell. @typedef {{outputs: {items: import('vscode').NotebookCellOutputItem[]}[], order?: number, success?: boolean}} Result */
/** @typedef {{text: string, version: number, cells: NotebookCell[], results: Result[]}} Snapshot */
/** What was done to one cell: its source before and after. @typedef {{cell: NotebookCell, before: string, after: string}} Touched */
/** Cells that were taken out and put in, by the addresses of their texts. @typedef {{removed: Set<string>, added: Set<string>}} Arranged */
/**
 * What has to be known of operations that are brought in: `running` cells go on running; `touching` is told of cells
 * that stay and got other text, `arranged` of cells that came and went.
 * @typedef {{running: NotebookCell[], touching: (touched: Touched[]) => void, arranged: (arranged: Arranged) => void}} Bringing
 */

export const TYPE = 'jupyter-notebook';
const ATTEMPTS = 8; // to change something while somebody types; VS Code refuses what was meant for an older state
const SPELLING = 'vscode.ipynb'; // the built-in extension that reads and writes notebooks

export class NotebookEditor {
  /**
   * @param {VSCode} vscode
   * @param {NotebookDocument} document
   */
  constructor(vscode, document) {
    this.vscode = vscode;
    this.document = document;
    this.isArranging = false; // cells that come and go do so because of us
    this.isPutting = false; // and so does text
  }

  /** @returns {Promise<Snapshot>} */
  async read() {
    const cells = this.document.getCells();
    const { version } = this.document;
    const results = cells.map(resultOf);
    return { text: await exported(this.vscode, this._data(cells)), version, cells, results };
  }

  /** Whether nobody has done anything since. @param {Snapshot} snapshot */
  isAsRead(snapshot) {
    return this.document.version === snapshot.version;
  }

  /**
   * Whether the notebook shows what the text of a file says.
   * @param {string} text
   * @returns {Promise<boolean>}
   */
  async holds(text) {
    const data = await this._parsed(text);
    const cells = this.document.getCells();
    if (data.cells.length !== cells.length) return false;
    return cells.every((cell, i) => isSame(cell, data.cells[i])) && sameJson(written(data.metadata), written(this.document.metadata));
  }

  /**
   * Bring in what operations make of a snapshot, whatever is typed meanwhile; false: not all of it could be, and so
   * nothing was, since somebody has just typed in the same place, or cells have come and gone.
   * @param {Operation[]} operations
   * @param {Snapshot} snapshot
   * @param {Bringing} bringing
   * @returns {Promise<boolean>}
   */
  async bring(operations, snapshot, { running, touching, arranged }) {
    if (!operations.length) return true;
    const { cells } = snapshot;
    const notebook = JSON.parse(snapshot.text);
    const places = running.map(cell => cells.indexOf(cell)).filter(place => place >= 0);
    const focused = this._focused(cells);
    const plan = planned(notebook, operations, places, focused);
    const edits = await this._edits(plan);
    const texts = plan.texts.map(({ place, splices: changes }) => {
      const before = joined(notebook.cells[place].source);
      return { cell: cells[place], before, after: spliced(before, changes) };
    });
    const isTyped = (/** @type {Touched} */ one) => one.cell === cells[focused[0]];
    /** @type {Touched[]} */
    const done = [];
    const put = async (/** @type {Touched} */ one) => (await this._put(one, touching)) && done.push(one) > 0;
    // First where it is most likely that somebody types.
    for (const one of texts.filter(isTyped)) if (!(await put(one))) return this._backOut(done);
    const fits = () => texts.every(({ cell, before, after }) => carried(before, after, sourceOf(cell)) !== null);
    if (edits.length && !(await this._arrange(edits, plan, snapshot, fits, arranged))) return this._backOut(done);
    for (const one of texts) if (!isTyped(one) && !(await put(one))) return this._backOut(done);
    return true;
  }

  /**
   * Give a cell others' text; false: it has changed in the same place meanwhile.  Each cell in a change of its own:
   * of one of several cells, VS Code's undo asks whether all are meant.
   * @param {Touched} touched
   * @param {Bringing['touching']} touching
   */
  async _put({ cell, before, after }, touching) {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const now = sourceOf(cell);
      const changes = now === before ? splices(before, after) : carried(before, after, now);
      if (!changes) return false;
      if (!changes.length) return true;
      const stay = this._staying(cell, changes);
      const isDone = await this._applied('isPutting', this._text(cell, changes));
      stay();
      if (isDone) {
        touching([{ cell, before: now, after: spliced(now, changes) }]);
        return true;
      }
    }
    return false;
  }

  /**
   * What is put in just where the cursor is comes behind it, but VS Code moves the cursor behind that: this puts it back,
   * unless somebody has typed on.
   * @param {NotebookCell} cell
   * @param {import('./text.js').Splice[]} changes
   * @returns {() => void}
   */
  _staying(cell, changes) {
    const editor = this.vscode.window.activeTextEditor;
    const nothing = () => undefined;
    if (editor?.document !== cell.document || !editor.selection.isEmpty) return nothing;
    const offset = cell.document.offsetAt(editor.selection.active);
    const here = changes.find(one => one.from === offset && one.to === offset);
    if (!here) return nothing;
    let before = offset;
    for (const { from, to, text } of changes) if (to < offset) before += text.length - (to - from);
    return () => {
      if (cell.document.offsetAt(editor.selection.active) !== before + here.text.length) return;
      const at = cell.document.positionAt(before);
      editor.selection = new this.vscode.Selection(at, at);
    };
  }

  /** Take out again what was put into cells. @param {Touched[]} done @returns {Promise<false>} */
  async _backOut(done) {
    for (const { cell, before, after } of done) await this._put({ cell, before: after, after: before }, () => undefined);
    return false;
  }

  /**
   * Put into cells what was put into them elsewhere, where both changed one place: before what is there now, since it was
   * typed before that.  Nothing is taken out by it.
   * @param {string} common
   * @param {string} other
   * @param {(string | number)[]} ids
   */
  async insert(common, other, ids) {
    const [old, theirs] = [common, other].map(sourcesOf);
    for (const cell of this.document.getCells()) {
      const [before, after] = [old.get(cell.metadata.id), theirs.get(cell.metadata.id)];
      if (!ids.includes(cell.metadata.id) || before === undefined || after === undefined) continue;
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const added = insertions(before, after, sourceOf(cell));
        if (!added.length || (await this.vscode.workspace.applyEdit(this._text(cell, added)))) break; // else a key came
      }
    }
  }

  /**
   * Change cells as a whole; false: they are not those of the snapshot any more, or the texts that are to follow do not
   * fit: cells that came and went are not taken back.
   * @param {import('vscode').NotebookEdit[]} edits
   * @param {Plan} plan
   * @param {Snapshot} snapshot
   * @param {() => boolean} fits
   * @param {Bringing['arranged']} arranged
   */
  async _arrange(edits, plan, snapshot, fits, arranged) {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (!this._isAsIn(snapshot, [...plan.deleted, ...plan.replaced.map(one => one.place)]) || !fits()) return false;
      const before = this._addresses();
      const isDone = await this._applied('isArranging', this._structure(edits)); // not where a key came in between
      if (!isDone) continue;
      arranged(difference(before, this._addresses()));
      return true;
    }
    return false;
  }

  /**
   * Whether the cells are those of a snapshot, and some of them hold what they held.
   * @param {Snapshot} snapshot
   * @param {number[]} places
   */
  _isAsIn({ cells, text, results }, places) {
    const now = this.document.getCells();
    if (now.length !== cells.length || now.some((cell, place) => cell !== cells[place])) return false;
    const { cells: were } = JSON.parse(text);
    return places.every(place => {
      const [was, is] = [results[place], resultOf(cells[place])];
      const isAsRun = was.order === is.order && was.success === is.success && sameOutputs(was.outputs, is.outputs);
      return isAsRun && sourceOf(cells[place]) === joined(were[place].source);
    });
  }

  /** What the notebook holds now, to be written out later: nothing is waited for. @returns {NotebookData} */
  capture() {
    return this._data(this.document.getCells());
  }

  /** The text that VS Code writes for what was captured. @param {NotebookData} data @returns {Promise<string>} */
  written(data) {
    return exported(this.vscode, data);
  }

  /** @param {NotebookCell[]} cells */
  _data(cells) {
    const { vscode, document } = this;
    const data = new vscode.NotebookData(
      cells.map(cell => {
        const one = new vscode.NotebookCellData(cell.kind, cell.document.getText(), cell.document.languageId);
        one.metadata = cell.metadata;
        one.outputs = [...cell.outputs];
        one.executionSummary = cell.executionSummary;
        return one;
      })
    );
    data.metadata = written(document.metadata);
    return data;
  }

  /**
   * @param {string} text
   * @returns {Promise<NotebookData>}
   */
  async _parsed(text) {
    const bytes = new TextEncoder().encode(text);
    return this.vscode.commands.executeCommand('vscode.executeDataToNotebook', TYPE, bytes);
  }

  /** The cell with the cursor, and those that are selected. @param {NotebookCell[]} cells @returns {number[]} */
  _focused(cells) {
    const typed = this.vscode.window.activeTextEditor?.document;
    const place = cells.findIndex(cell => cell.document === typed);
    const editor = this.vscode.window.visibleNotebookEditors.find(one => one.notebook === this.document);
    return [place, editor?.selection.start ?? -1].filter(one => one >= 0 && one < cells.length);
  }

  /**
   * What has to be done to cells as a whole, in VS Code's terms.
   * @param {Plan} plan
   * @returns {Promise<import('vscode').NotebookEdit[]>}
   */
  async _edits({ frame, metadata, replaced, inserted, deleted }) {
    const { NotebookEdit, NotebookRange } = this.vscode;
    const made = [...metadata, ...replaced, ...inserted];
    if (!made.length && !deleted.length && !frame) return [];
    const notebook = { metadata: {}, nbformat: 4, nbformat_minor: 5, ...frame, cells: made.map(one => one.cell) };
    const data = await this._parsed(JSON.stringify(notebook));
    let taken = 0;
    const next = () => data.cells[taken++];
    /** @param {number} place */
    const at = place => new NotebookRange(place, place + 1);
    return [
      ...deleted.map(place => NotebookEdit.deleteCells(at(place))),
      ...metadata.map(({ place }) => NotebookEdit.updateCellMetadata(place, next().metadata ?? {})),
      ...replaced.map(({ place }) => NotebookEdit.replaceCells(at(place), [next()])),
      ...inserted.map(({ place }) => NotebookEdit.insertCells(place, [next()])),
      ...(frame ? [NotebookEdit.updateNotebookMetadata({ ...data.metadata, ...this._indentation() })] : [])
    ];
  }

  /** Of the file as VS Code has read it, which it keeps in the notebook's metadata. */
  _indentation() {
    const { indentAmount } = this.document.metadata;
    return indentAmount === undefined ? {} : { indentAmount };
  }

  _addresses() {
    return new Set(this.document.getCells().map(addressOf));
  }

  /** @param {import('vscode').NotebookEdit[]} edits */
  _structure(edits) {
    const edit = new this.vscode.WorkspaceEdit();
    edit.set(this.document.uri, edits);
    return edit;
  }

  /**
   * Whether an edit was made; while it is, this says that it is ours.
   * @param {'isArranging' | 'isPutting'} flag
   * @param {import('vscode').WorkspaceEdit} edit
   */
  async _applied(flag, edit) {
    this[flag] = true;
    try {
      return await this.vscode.workspace.applyEdit(edit);
    } finally {
      this[flag] = false;
    }
  }

  /**
   * @param {NotebookCell} cell
   * @param {import('./text.js').Splice[]} splices
   */
  _text(cell, splices) {
    const edit = new this.vscode.WorkspaceEdit();
    const old = sourceOf(cell);
    for (const { from, to, text } of splices) {
      edit.replace(cell.document.uri, new this.vscode.Range(this._position(old, from), this._position(old, to)), text);
    }
    return edit;
  }

  /**
   * @param {string} text
   * @param {number} offset
   */
  _position(text, offset) {
    const start = text.lastIndexOf('\n', offset - 1) + 1;
    return new this.vscode.Position(text.slice(0, start).split('\n').length - 1, offset - start);
  }
}

/** The sources of a notebook's cells by their ids. @param {string} text @returns {Map<string, string>} */
const sourcesOf = text => new Map(JSON.parse(text).cells.map((/** @type {Json} */ cell) => [cell.id, joined(cell.source)]));

/**
 * What was only put into a text, for what it has become here; what both put in is there.
 * @param {string} old
 * @param {string} theirs
 * @param {string} mine
 * @returns {import('./text.js').Splice[]}
 */
function insertions(old, theirs, mine) {
  const own = splices(old, mine);
  const added = splices(old, theirs).filter(({ from, to, text }) => {
    return from === to && !own.some(one => one.from === from && one.text.startsWith(text));
  });
  return added.map(({ from, text }) => {
    const inside = own.find(one => one.from < from && from < one.to);
    const before = own.filter(one => one !== inside && one.to <= from && one.from < from);
    const at = (inside?.from ?? from) + before.reduce((sum, one) => sum + one.text.length - (one.to - one.from), 0);
    return { from: at, to: at, text };
  });
}

/**
 * The text that VS Code writes into the file.
 * @param {VSCode} vscode
 * @param {NotebookData} data
 * @returns {Promise<string>}
 */
async function exported(vscode, data) {
  const extension = vscode.extensions.getExtension(SPELLING);
  if (!extension) throw new Error('VS Code has no extension for notebooks: vscode.ipynb is turned off');
  const { exportNotebook } = await extension.activate();
  return exportNotebook(data);
}

/** What a cell says, as files say it: an editor on Windows may end lines in its own way. @param {NotebookCell} cell */
export const sourceOf = cell => cell.document.getText().replace(/\r\n/g, '\n');

/**
 * What VS Code writes of a notebook's metadata: not the indentation that it has read.
 * @param {Json | undefined} metadata
 */
function written(metadata) {
  const { indentAmount: _, ...rest } = metadata ?? {};
  return rest;
}

/** VS Code puts what a run goes on to say into the same outputs. @param {NotebookCell} cell @returns {Result} */
function resultOf({ outputs, executionSummary }) {
  const { executionOrder: order, success } = executionSummary ?? {};
  return { outputs: outputs.map(({ items }) => ({ items: [...items] })), order, success };
}

/** What an undo that brings a cell back keeps of it. @param {NotebookCell} cell */
export const addressOf = cell => cell.document.uri.toString();

/**
 * @param {Set<string>} before
 * @param {Set<string>} after
 * @returns {Arranged}
 */
function difference(before, after) {
  const removed = new Set([...before].filter(one => !after.has(one)));
  return { removed, added: new Set([...after].filter(one => !before.has(one))) };
}

/**
 * @param {NotebookCell} cell
 * @param {NotebookCellData} data
 */
function isSame(cell, data) {
  return (
    cell.kind === data.kind &&
    sourceOf(cell) === data.value.replace(/\r\n/g, '\n') &&
    sameJson(cell.metadata, data.metadata ?? {}) &&
    sameOutputs(cell.outputs, data.outputs ?? [])
  );
}

/**
 * @param {readonly Pick<import('vscode').NotebookCellOutput, 'items'>[]} one
 * @param {readonly Pick<import('vscode').NotebookCellOutput, 'items'>[]} other
 */
function sameOutputs(one, other) {
  return one.length === other.length && one.every((output, i) => sameItems(output.items, other[i].items));
}

/**
 * @param {readonly import('vscode').NotebookCellOutputItem[]} one
 * @param {readonly import('vscode').NotebookCellOutputItem[]} other
 */
function sameItems(one, other) {
  return (
    one.length === other.length &&
    one.every((item, i) => item.mime === other[i].mime && sameBytes(item.data, other[i].data))
  );
}

/**
 * @param {Uint8Array} one
 * @param {Uint8Array} other
 */
function sameBytes(one, other) {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}
