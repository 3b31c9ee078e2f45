/**
 * Owns: a notebook that is open in this page: from when it takes part, what it shows, and what is brought into it.
 * Must not know: how Jupyter asks for notebooks and saves them, who hears of it.
 * Invariant: a notebook takes part only while its page shows what its token stands for.
 */

import { applyOperations } from './apply.js';
import { joined } from './notebooks.js';
import { Replica } from './replica.js';

/** @typedef {import('./replica.js').Json} Json */
/** @typedef {import('./apply.js').SharedCell} SharedCell */
/** @typedef {import('./apply.js').Snapshot} Snapshot */
/** @typedef {import('./replica.js').SaveAnswer} SaveAnswer */
/** @typedef {import('./replica.js').PullAnswer} PullAnswer */
/** @typedef {import('./replica.js').Opened} Opened */
/** @typedef {import('./server.js').NbmergeServer} NbmergeServer */
/** @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel */
/** @typedef {NotebookPanel['context']} Context */
/**
 * Who hears of notebooks: `joined`: one takes part, from what it shows now; `left`: it takes part no more; `told`: it
 * was saved, or something came into it.
 * @typedef {object} Listener
 * @property {(context: Context) => void} [joined]
 * @property {(context: Context) => void} [left]
 * @property {(context: Context, answer: SaveAnswer | PullAnswer) => void} [told]
 */
/**
 * What all notebooks of a page share: `tab` names the page; `sent` has the tokens of what was saved from it; `hears`:
 * whether it has heard of a change yet.
 * @typedef {object} Desk
 * @property {NbmergeServer} server
 * @property {string} tab
 * @property {import('./own-saves.js').OwnSaves} sent
 * @property {() => boolean} hears
 * @property {Required<Listener>} say
 */

// A page that was just opened may not hear of changes yet, and is not told when it does: it asks until it has heard
// of one.
const ASKING = 2000; // milliseconds between questions
const QUESTIONS = 15; // then it is asked as seldom as any page
const A_WHILE = 1000; // milliseconds until a page that is being typed in is asked again

/** A notebook that is open in this page, in one or more panels. */
export class OpenNotebook {
  /**
   * @param {Context} context
   * @param {Desk} desk
   */
  constructor(context, desk) {
    this.context = context;
    this._desk = desk;
    /** @type {Set<NotebookPanel>} */
    this.panels = new Set();
    /** Null: it takes no part. @type {Replica | null} */
    this.replica = null;
    /** Where the notebook was when it was opened or saved last: it may be about to be saved elsewhere. */
    this.began = '';
    this._typedSince = false;
    context.saveState.connect((_, state) => {
      // JupyterLab takes the page for saved when the answer comes, whatever was typed meanwhile.
      if (state === 'completed' && this.replica && this._typedSince) context.model.dirty = true;
    });
  }

  get path() {
    return this.context.path;
  }

  /** Take part from a version, if that is what the page shows. @param {Opened} opened */
  begin(opened) {
    if (!this._shows(opened.content)) return;
    this.replica?.close();
    const replica = new Replica(this._requests(), this._page(), opened, this._desk.sent);
    this.replica = replica;
    this.began = this.path;
    this._askUntilHeard(replica, QUESTIONS);
    this._desk.say.joined(this.context);
  }

  /**
   * @param {Replica} replica
   * @param {number} left
   */
  _askUntilHeard(replica, left) {
    setTimeout(() => {
      if (replica.closed || this._desk.hears() || !left) return;
      void replica.check().catch(() => undefined);
      this._askUntilHeard(replica, left - 1);
    }, ASKING);
  }

  /** Take part no more. */
  end() {
    if (!this.replica) return;
    this.replica.close();
    this.replica = null;
    this._desk.say.left(this.context);
  }

  /** @param {Json} content */
  _shows(content) {
    const cells = this.context.model.sharedModel.cells;
    if (!content.cells.length) return cells.every(cell => !cell.getSource());
    return (
      cells.length === content.cells.length &&
      cells.every((cell, place) => cell.getSource() === joined(content.cells[place].source))
    );
  }

  /** @returns {import('./replica.js').Server} */
  _requests() {
    const { server, tab } = this._desk;
    return {
      save: body => server.save(this.path, { ...body, tab }),
      pull: body => server.pull(this.path, body),
      head: () => server.head(this.path),
      open: async () => {
        const opened = await server.open(this.path);
        if (!opened.here) throw new Error(opened.why);
        return { version: opened.version, content: opened.model.content };
      }
    };
  }

  /** @returns {import('./replica.js').Page} */
  _page() {
    return {
      read: () => this._read(),
      bring: (operations, snapshot, saved) => this._bring(operations, snapshot, saved),
      match: content => this._match(content),
      told: answer => {
        if ('due' in answer && answer.due) this.context.model.dirty = true; // whoever saves mends the file
        this._desk.say.told(this.context, answer);
      },
      later: work => void setTimeout(work, A_WHILE),
      newId: () => crypto.randomUUID?.() ?? `${this._desk.tab}-${Date.now()}-${Math.random()}`
    };
  }

  /** @returns {Snapshot} */
  _read() {
    const { model } = this.context;
    return { content: contentOf(model), cells: [...model.sharedModel.cells] };
  }

  /**
   * @param {import('./notebooks.js').Operation[]} operations
   * @param {Snapshot} snapshot
   * @param {boolean} saved
   */
  _bring(operations, snapshot, saved) {
    const { model } = this.context;
    if (saved) this._typedSince = JSON.stringify(model.toJSON()) !== JSON.stringify(snapshot.content);
    if (!operations.length) return snapshot.content;
    const dirty = model.dirty;
    const kept = this._kept();
    const focused = this._focused();
    const made = applyOperations(model.sharedModel, snapshot, operations, {
      kept: [...focused, ...kept],
      distrust: cell => this._distrust(cell)
    });
    // JupyterLab goes on in the next cell where one is gone: what is being typed is not meant for that.
    const isLost = focused.some(cell => !model.sharedModel.cells.includes(cell));
    if (isLost) /** @type {HTMLElement | null} */ (document.activeElement)?.blur();
    if (!saved) model.dirty = dirty; // what came in is in the file
    return made;
  }

  /**
   * The cells with these ids, or without ids those in the same places.
   * @param {Json} content
   * @returns {Snapshot}
   */
  _match(content) {
    const cells = this.context.model.sharedModel.cells;
    const byId = new Map(cells.map(cell => [cell.getId(), cell]));
    const same = cells.length === content.cells.length;
    return {
      content,
      cells: /** @type {Json[]} */ (content.cells).map(({ id }, place) =>
        id === undefined ? (same ? cells[place] : null) : (byId.get(id) ?? null)
      )
    };
  }

  get _widgets() {
    return [...this.panels].flatMap(panel => panel.content.widgets);
  }

  /** The cell that has the caret. @returns {SharedCell[]} */
  _focused() {
    const focused = this._widgets.filter(one => one.node.contains(document.activeElement));
    return focused.map(one => one.model.sharedModel);
  }

  /** Cells that run, since their output has nowhere else to go, and those that are chosen. */
  _kept() {
    /** @param {any} shared */
    const runs = shared => shared.executionState === 'running';
    const running = this._widgets.filter(one => runs(one.model.sharedModel));
    const active = [...this.panels].flatMap(panel => panel.content.activeCell ?? []);
    return [...running, ...active].map(one => one.model.sharedModel);
  }

  /** @param {SharedCell} cell */
  _distrust(cell) {
    for (const model of this.context.model.cells) if (model.sharedModel === cell) model.trusted = false;
  }
}

/** What a notebook says, which counts as no change of it. @param {Context['model']} model @returns {Json} */
export function contentOf(model) {
  const { dirty } = model;
  const content = /** @type {Json} */ (model.toJSON()); // which may add the language to the metadata
  model.dirty = dirty;
  return content;
}
