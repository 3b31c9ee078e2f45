/**
 * Owns: the contents of notebooks as JupyterLab asks for and saves them, and which notebooks take part.
 * Must not know: how Jupyter is told to ask here, how changes are brought in, what people are shown.
 * Invariant: a notebook takes part only while its page shows what its token stands for; every other one
 * goes the stock way.  A page that asks whether its file has changed hears what it holds itself, so that
 * no "File Changed" arises: what has changed is merged.
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
/** @typedef {import('@jupyterlab/services').Contents.IModel} Model */
/** @typedef {import('@jupyterlab/services').Contents.IFetchOptions} FetchOptions */
/**
 * The stock way.
 * @typedef {object} Stock
 * @property {(path: string, options?: FetchOptions) => Promise<Model>} get
 * @property {(path: string, options?: Partial<Model>) => Promise<Model>} save
 */
/** @typedef {(path: string, answer: SaveAnswer | PullAnswer) => void} Told */

// A page that was just opened may not hear of changes yet, and is not told when it does: it asks until it has heard
// of one.
const ASKING = 2000; // milliseconds between questions
const QUESTIONS = 15; // then it is asked as seldom as any page
const A_WHILE = 1000; // milliseconds until a page that is being typed in is asked again

/** @param {any} error */
const isNotFound = error => error?.response?.status === 404;

/** A notebook that is open in this page, in one or more panels. */
class OpenNotebook {
  /**
   * @param {Context} context
   * @param {NbmergeServer} server
   * @param {string} tab
   * @param {Told} told
   * @param {() => boolean} hears whether the page has heard of a change
   */
  constructor(context, server, tab, told, hears) {
    this.context = context;
    this.hears = hears;
    this.server = server;
    this.tab = tab;
    this.told = told;
    /** @type {Set<NotebookPanel>} */
    this.panels = new Set();
    /** Null: it takes no part. @type {Replica | null} */
    this.replica = null;
    /** Where the notebook was when it was opened or saved last: it may be about to be saved elsewhere. */
    this.began = '';
    /** The tokens of what was saved from here. @type {Set<string>} */
    this.sent = new Set();
    this.typedSince = false;
    context.saveState.connect((_, state) => {
      // JupyterLab takes the page for saved when the answer comes, whatever was typed meanwhile.
      if (state === 'completed' && this.replica && this.typedSince) context.model.dirty = true;
    });
  }

  get path() {
    return this.context.path;
  }

  /** Take part from a version, if that is what the page shows. @param {Opened} opened */
  begin(opened) {
    if (!this.shows(opened.content)) return;
    this.replica?.close();
    const replica = new Replica(this._requests(), this._page(), opened, this.sent);
    this.replica = replica;
    this.began = this.path;
    this._askUntilHeard(replica, QUESTIONS);
  }

  /**
   * @param {Replica} replica
   * @param {number} left
   */
  _askUntilHeard(replica, left) {
    setTimeout(() => {
      if (replica.closed || this.hears() || !left) return;
      void replica.check().catch(() => undefined);
      this._askUntilHeard(replica, left - 1);
    }, ASKING);
  }

  end() {
    this.replica?.close();
    this.replica = null;
  }

  /** @param {Json} content */
  shows(content) {
    const cells = this.context.model.sharedModel.cells;
    if (!content.cells.length) return cells.every(cell => !cell.getSource());
    return (
      cells.length === content.cells.length &&
      cells.every((cell, place) => cell.getSource() === joined(content.cells[place].source))
    );
  }

  /** @returns {import('./replica.js').Server} */
  _requests() {
    return {
      save: body => this.server.save(this.path, { ...body, tab: this.tab }),
      pull: body => this.server.pull(this.path, body),
      head: () => this.server.head(this.path),
      open: async () => {
        const opened = await this.server.open(this.path);
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
        this.told(this.path, answer);
      },
      later: work => void setTimeout(work, A_WHILE),
      newId: () => crypto.randomUUID?.() ?? `${this.tab}-${Date.now()}-${Math.random()}`
    };
  }

  /** @returns {Snapshot} */
  _read() {
    const { model } = this.context;
    const { dirty } = model;
    const content = /** @type {Json} */ (model.toJSON()); // which may add the language to the metadata
    model.dirty = dirty;
    return { content, cells: [...model.sharedModel.cells] };
  }

  /**
   * @param {import('./notebooks.js').Operation[]} operations
   * @param {Snapshot} snapshot
   * @param {boolean} saved
   */
  _bring(operations, snapshot, saved) {
    const { model } = this.context;
    if (saved) this.typedSince = JSON.stringify(model.toJSON()) !== JSON.stringify(snapshot.content);
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

/** What JupyterLab calls a content provider. */
export class NotebookProvider {
  /**
   * @param {NbmergeServer} server
   * @param {Stock} stock
   * @param {string} tab
   * @param {Told} told
   */
  constructor(server, stock, tab, told) {
    this._server = server;
    this._stock = stock;
    this._tab = tab;
    this._told = told;
    this._hears = false; // of changes, by the server's events
    /** @type {Map<Context, OpenNotebook>} */
    this._open = new Map();
    /** What pages are about to show. @type {Map<string, Opened>} */
    this._opening = new Map();
  }

  /** A panel was opened. @param {NotebookPanel} panel */
  attach(panel) {
    const { context } = panel;
    let found = this._open.get(context);
    if (!found) {
      found = new OpenNotebook(context, this._server, this._tab, this._told, () => this._hears);
      this._open.set(context, found);
      context.disposed.connect(() => {
        this._open.get(context)?.end();
        this._open.delete(context);
      });
      void context.ready.then(() => this._begin(context.path));
    }
    found.panels.add(panel);
    panel.disposed.connect(() => found.panels.delete(panel));
  }

  /** Whether a notebook takes part. @param {string} path */
  has(path) {
    return Boolean(this._at(path)?.replica);
  }

  /** The copy that a notebook is which takes part; null: it takes none. @param {string} path */
  replica(path) {
    return this._at(path)?.replica ?? null;
  }

  /** What a notebook and the server both had last; null: it takes no part. @param {string} path */
  synced(path) {
    const replica = this.replica(path);
    return replica ? { version: replica.version, content: replica.synced } : null;
  }

  /** All notebooks that take part. @returns {Replica[]} */
  get replicas() {
    return [...this._open.values()].flatMap(one => one.replica ?? []);
  }

  /**
   * The file has changed, it is said.
   * @param {string} path
   * @param {string} version
   * @param {string} tab
   */
  hint(path, version, tab) {
    this._hears = true;
    const replica = this._at(path)?.replica;
    if (!replica || tab === this._tab || !version || version === replica.base) return;
    replica.follow();
  }

  /**
   * @param {string} path
   * @param {FetchOptions} [options]
   * @returns {Promise<Model>}
   */
  async get(path, options) {
    if (options?.content === false) {
      const open = this._at(path);
      const held = open?.replica && open.context.contentsModel;
      return held ? { ...held, content: null } : this._stock.get(path, options);
    }
    let opened;
    try {
      opened = await this._server.open(path);
    } catch (error) {
      console.warn(`nbmerge: ${path} is opened without it:`, error);
      return this._plainly(path, options);
    }
    if (!opened.here) {
      console.info(`nbmerge: ${path} is saved as it is without nbmerge: ${opened.why}`);
      return this._plainly(path, options);
    }
    this._opening.set(path, { version: opened.version, content: opened.model.content });
    // The page takes the content over before anything else can happen: in the microtasks that follow.
    setTimeout(() => this._begin(path));
    return /** @type {Model} */ (structuredClone(opened.model));
  }

  /**
   * @param {string} path
   * @param {Partial<Model>} [options]
   * @returns {Promise<Model>}
   */
  async save(path, options) {
    const open = this._at(path);
    const replica = open?.replica;
    if (!open || !replica) return this._begun(path, await this._stock.save(path, options));
    const save = async () => {
      const { model } = await replica.save();
      open.began = path;
      return /** @type {Model} */ (model);
    };
    try {
      return await save();
    } catch (error) {
      if (!isNotFound(error)) throw error;
      if (await this._isGone(path)) return this._recreate(path, open, replica, options);
      if (await this._server.isMissing()) return this._saveAlone(path, open, replica, options);
      return save(); // git takes a file away for a moment
    }
  }

  /** @param {string} path */
  async _isGone(path) {
    try {
      await this._stock.get(path, { content: false });
      return false;
    } catch (error) {
      if (isNotFound(error)) return true;
      throw error;
    }
  }

  /**
   * Save the stock way from now on: the server has no part of nbmerge any more.  Not if the file holds what
   * this page has not seen; Jupyter asks what to do about that, at the next save.
   * @param {string} path
   * @param {OpenNotebook} open
   * @param {Replica} replica
   * @param {Partial<Model>} [options]
   * @returns {Promise<Model>}
   */
  async _saveAlone(path, open, replica, options) {
    // JupyterLab 4.0 hands on what it does not know as it is, and the server wants a 1.
    const held = await this._stock.get(path, /** @type {any} */ ({ content: false, hash: 1 }));
    open.end();
    if (!replica.has(held) && held.last_modified !== open.context.contentsModel?.last_modified) {
      throw new Error(
        'The server has no part of nbmerge any more, and the file was changed. Save once more: Jupyter asks then.'
      );
    }
    console.info(`nbmerge: ${path} is saved as it is without nbmerge: the server has no part of it any more`);
    return this._stock.save(path, { ...options, content: open.context.model.toJSON() });
  }

  /** @param {string} path @param {FetchOptions} [options] */
  _plainly(path, options) {
    this._at(path)?.end();
    return this._stock.get(path, options);
  }

  /**
   * Save what had no file any more the stock way, and then say what it was made from.
   * @param {string} path
   * @param {OpenNotebook} open
   * @param {Replica} replica
   * @param {Partial<Model>} [options]
   * @returns {Promise<Model>}
   */
  async _recreate(path, open, replica, options) {
    const saved = await this._stock.save(path, { ...options, content: open.context.model.toJSON() });
    if (open.began !== path) return this._begun(path, saved);
    try {
      return /** @type {Model} */ ((await replica.save()).model);
    } catch (error) {
      console.warn(`nbmerge: ${path} was saved without it:`, error);
      return saved;
    }
  }

  /**
   * A notebook that was saved the stock way takes part from then on.
   * @param {string} path
   * @param {Model} saved
   * @returns {Promise<Model>}
   */
  async _begun(path, saved) {
    try {
      const opened = await this._server.open(path);
      if (opened.here && opened.model.last_modified === saved.last_modified) {
        this._at(path)?.begin({ version: opened.version, content: opened.model.content });
      }
    } catch (error) {
      console.warn(`nbmerge: ${path} takes no part until it is reloaded:`, error);
    }
    return saved;
  }

  /** @param {string} path */
  _begin(path) {
    const open = this._at(path);
    const opened = this._opening.get(path);
    if (!open?.context.isReady || !opened) return;
    this._opening.delete(path);
    open.begin(opened);
  }

  /** @param {string} path */
  _at(path) {
    for (const one of this._open.values()) if (one.path === path) return one;
    return undefined;
  }
}
