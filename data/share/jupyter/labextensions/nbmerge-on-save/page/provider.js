/**
 * Owns: the contents of notebooks as JupyterLab asks for and saves them, which notebooks take part, who hears of it.
 * Must not know: how Jupyter is told to ask here, how changes are brought in, what people are shown.
 * Invariant: a notebook that takes no part goes the stock way.  A page that asks whether its file has changed hears
 * what it holds itself, so that no "File Changed" arises: what has changed is merged.  Who hears of a notebook and
 * fails disturbs no save and nobody else.
 */

import { OpenNotebook } from './open-notebook.js';

/** @typedef {import('./open-notebook.js').Context} Context */
/** @typedef {import('./open-notebook.js').Listener} Listener */
/** @typedef {import('./replica.js').Opened} Opened */
/** @typedef {import('./replica.js').Replica} Replica */
/** @typedef {import('./server.js').NbmergeServer} NbmergeServer */
/** @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel */
/** @typedef {import('@jupyterlab/services').Contents.IModel} Model */
/** @typedef {import('@jupyterlab/services').Contents.IFetchOptions} FetchOptions */
/**
 * The stock way.
 * @typedef {object} Stock
 * @property {(path: string, options?: FetchOptions) => Promise<Model>} get
 * @property {(path: string, options?: Partial<Model>) => Promise<Model>} save
 */

/** @param {any} error */
const isNotFound = error => error?.response?.status === 404;

/** What JupyterLab calls a content provider. */
export class NotebookProvider {
  /**
   * @param {NbmergeServer} server
   * @param {Stock} stock
   * @param {string} tab names this page
   * @param {import('./own-saves.js').OwnSaves} sent
   */
  constructor(server, stock, tab, sent) {
    this._server = server;
    this._stock = stock;
    this._tab = tab;
    this._hears = false; // of changes, by the server's events
    /** @type {Listener[]} */
    this._listeners = [];
    /** @type {Required<Listener>} */
    const say = {
      joined: context => this._each(one => one.joined?.(context)),
      left: context => this._each(one => one.left?.(context)),
      told: (context, answer) => this._each(one => one.told?.(context, answer))
    };
    this._desk = { server, tab, sent, hears: () => this._hears, say };
    /** @type {Map<Context, OpenNotebook>} */
    this._open = new Map();
    /** What pages are about to show. @type {Map<string, Opened>} */
    this._opening = new Map();
  }

  /** Have a part of the page hear of notebooks, from now on. @param {Listener} listener */
  listen(listener) {
    this._listeners.push(listener);
  }

  /** @param {(listener: Listener) => void} tell */
  _each(tell) {
    for (const one of this._listeners) {
      try {
        tell(one);
      } catch (error) {
        console.warn('nbmerge: a part of the page fails:', error);
      }
    }
  }

  /** A panel was opened. @param {NotebookPanel} panel */
  attach(panel) {
    const { context } = panel;
    let found = this._open.get(context);
    if (!found) {
      found = new OpenNotebook(context, this._desk);
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
