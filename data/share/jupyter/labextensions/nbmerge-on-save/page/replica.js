/**
 * Owns: one open notebook as a copy that takes part: the token of the version that it goes on from, and
 * its saves and pulls, one at a time.
 * Must not know: Jupyter, HTTP, how a page shows a notebook.  Runs under node.
 * Invariant: whenever something is sent, the token stands for what the copy has taken in: content and
 * token are taken in one synchronous step, and an answer that cannot be brought in moves the token only to
 * what was sent.  A save whose answer was lost is sent again, as it was, before anything else is.
 */

import { sameJson } from './notebooks.js';

/** @typedef {import('./notebooks.js').Json} Json */
/** @typedef {import('./notebooks.js').Operation} Operation */
/** @typedef {import('./apply.js').Snapshot} Snapshot */
/** @typedef {{writer: string, cells: number, lines: number}} Came */
/** @typedef {{version: string, operations: Operation[], came: Came[], model: Json}} Brought */
/**
 * `away`: why nothing was merged; the save is in the file all the same.
 * @typedef {Brought & {sent: string, conflicts: Json[], away?: string | null}} SaveAnswer
 */
/**
 * `due`: the file lacks something that was saved.
 * @typedef {Brought & {held: (string | number)[], due: boolean}} PullAnswer
 */
/** @typedef {{base: string, content: Json}} PullBody */
/** @typedef {PullBody & {save_id: string}} SaveBody */
/** What an `open` gave. @typedef {{version: string, content: Json}} Opened */
/**
 * Its errors have a `status` if an answer came.
 * @typedef {object} Server
 * @property {(body: SaveBody) => Promise<SaveAnswer>} save
 * @property {(body: PullBody) => Promise<PullAnswer>} pull
 * @property {() => Promise<{version: string}>} head
 * @property {() => Promise<Opened>} open
 */
/**
 * `bring` gives what the operations lead to, or null if they change what was changed here since; `match`
 * finds the cells of another content; `later` does something a while later.
 * @typedef {object} Page
 * @property {() => Snapshot} read
 * @property {(operations: Operation[], snapshot: Snapshot, saved: boolean) => Json | null} bring
 * @property {(content: Json) => Snapshot} match
 * @property {(answer: SaveAnswer | PullAnswer) => void} told
 * @property {(work: () => void) => void} later
 * @property {() => string} newId
 */
/** @typedef {{body: SaveBody, snapshot: Snapshot}} Request */

const ATTEMPTS = 3; // pulls that meet newer typing or fail, before the page is left alone for a while

/** Whether the server said no: anything else may have been done. @param {any} error */
const isRefusal = error => error?.status >= 400 && error.status < 500;
/** @param {any} error */
const isUnknownBase = error => error?.status === 409;
/** @param {any} error */
const isGone = error => error?.status === 404;

export class Replica {
  /**
   * @param {Server} server
   * @param {Page} page
   * @param {Opened} opened
   * @param {{add(token: string): unknown}} sent where the tokens of what this copy saves are kept
   */
  constructor(server, page, opened, sent = new Set()) {
    this.server = server;
    this.page = page;
    /** What the copy goes on from: a version, or a save whose version was not told. */
    this.base = opened.version;
    /** The last version that was told. */
    this.version = opened.version;
    /** The last content that both sides had for sure. @type {Json} */
    this.synced = opened.content;
    this._sent = sent;
    this.closed = false;
    /** @type {Promise<unknown>} */
    this._queue = Promise.resolve();
    /** @type {Request | null} */
    this._unanswered = null;
    /** @type {Promise<void> | null} */
    this._waiting = null;
  }

  /**
   * Whether the copy has what a file with this model holds: a token names the digits of a SHA-256.
   * @param {Json} model
   */
  has(model) {
    const [, digits] = this.version.split('.');
    return model.hash_algorithm === 'sha256' && Boolean(digits) && String(model.hash).startsWith(digits);
  }

  /**
   * Save what the page shows when its turn comes, and bring in what others saved.
   * @returns {Promise<SaveAnswer>}
   */
  save() {
    return this._queued(async () => {
      await this._settle();
      try {
        return await this._send(this._request());
      } catch (error) {
        if (!isUnknownBase(error)) throw error;
        await this._find();
        return await this._send(this._request());
      }
    });
  }

  /**
   * Bring in what others saved; nothing is saved.  Pulls that wait for their turn are one.
   * @returns {Promise<void>}
   */
  pull() {
    this._waiting ??= this._queued(async () => {
      this._waiting = null;
      await this._settle();
      await this._pull();
    });
    return this._waiting;
  }

  /** Pull, and if that fails once more in a while: the file may have been half written. */
  follow(attempts = ATTEMPTS) {
    if (this.closed) return;
    void this.pull().catch(() => {
      if (attempts > 1) this.page.later(() => this.follow(attempts - 1));
    });
  }

  /** Pull if the file holds another version than the copy goes on from. */
  async check() {
    const { version } = await this.server.head();
    if (!this.closed && (version !== this.base || this._unanswered)) await this.pull();
  }

  /** The page shows something else from now on: answers on their way are not brought in. */
  close() {
    this.closed = true;
  }

  /**
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  _queued(work) {
    const done = this._queue.then(work);
    this._queue = done.catch(() => undefined);
    return done;
  }

  /** Content and token, together. @returns {Request} */
  _request() {
    const snapshot = this.page.read();
    return { snapshot, body: { base: this.base, save_id: this.page.newId(), content: snapshot.content } };
  }

  /** @param {Request} request */
  async _send(request) {
    this._unanswered = request;
    /** @type {SaveAnswer} */
    let answer;
    try {
      answer = await this.server.save(request.body);
    } catch (error) {
      if (isRefusal(error)) this._unanswered = null;
      if (isGone(error)) this.base = request.body.save_id; // what was sent is kept as a version all the same
      throw error;
    }
    this._unanswered = null;
    this._sent.add(answer.sent);
    if (this.closed) return answer;
    this._goOn(answer.sent); // first: should the page fail at the rest, it goes on from this
    this.synced = request.snapshot.content;
    const made = this.page.bring(answer.operations, request.snapshot, true);
    if (made) {
      this._goOn(answer.version);
      this.synced = made;
    } else this.follow();
    this.page.told(answer);
    return answer;
  }

  /** The save whose answer was lost.  What the server refuses of it, it will refuse of what is newer. */
  async _settle() {
    if (!this._unanswered) return;
    try {
      await this._send(this._unanswered);
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }

  async _pull() {
    for (let attempt = 0; attempt < ATTEMPTS && !this.closed; attempt++) {
      const snapshot = this.page.read();
      /** @type {PullAnswer} */
      let answer;
      try {
        answer = await this.server.pull({ base: this.base, content: snapshot.content });
      } catch (error) {
        if (!isUnknownBase(error)) throw error;
        await this._find();
        return;
      }
      if (this.closed) return;
      const made = this.page.bring(answer.operations, snapshot, false);
      if (made) {
        this._goOn(answer.version);
        if (!answer.held.length && sameJson(snapshot.content, this.synced)) this.synced = made;
        this.page.told(answer);
        return;
      }
    }
    this.page.later(() => this.follow());
  }

  /**
   * The server does not know the token: what the file holds now is brought in as a change of what both
   * had last.
   */
  async _find() {
    const opened = await this.server.open();
    if (this.closed) return;
    const whole = [{ op: 'set', value: opened.content }];
    if (!this.page.bring(whole, this.page.match(this.synced), false)) {
      throw new Error(
        'The version that this page started from is no longer known, and the file was changed where this page ' +
          'was. Keep your work with "Save Notebook As", then reload this notebook from disk.'
      );
    }
    this._goOn(opened.version);
    this.synced = opened.content;
  }

  /** @param {string} version */
  _goOn(version) {
    this.base = version;
    this.version = version;
  }
}
