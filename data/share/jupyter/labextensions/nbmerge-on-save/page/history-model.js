/**
 * Owns: what is known here of one notebook's past: the rows that were fetched, page by page, what is looked for,
 * what may have been overwritten, what is lost.
 * Must not know: HTTP, how it is shown.  Runs under node.
 * Invariant: an answer that came too late, for another notebook or other words, changes nothing; what was fetched
 * stays until newer answers take its place.
 */

/** @typedef {import('./history-words.js').Row} Row */
/** @typedef {import('./history-words.js').Lost} Lost */
/** @typedef {{version: Row, by: Row}} Doubt */
/** @typedef {{version: number, before: number | null, conflicts: number}} Done */
/**
 * A cell of a version beside the notebook: its numbers then and now (null: it was not there), and what became of it.
 * @typedef {object} ComparedCell
 * @property {number | null} then
 * @property {number | null} now
 * @property {string} status
 * @property {boolean} moved
 * @property {boolean} quiet
 * @property {string[] | string} kinds then and now, where they differ; of older servers all of it in words
 * @property {string[]} counts of its runs
 * @property {string} html
 */
/**
 * @typedef {object} ShownVersion
 * @property {Row} version
 * @property {ComparedCell[]} cells
 * @property {string} style
 * @property {number} head
 * @property {number | null} before
 * @property {number | null} after
 */
/**
 * The requests about a notebook.
 * @typedef {object} Requests
 * @property {(what: string, path: string, query: Record<string, string | number>) => Promise<any>} look
 * @property {(what: string, path: string, body: Record<string, unknown>) => Promise<any>} act
 */

const PAGE = 30; // rows
const MOST = 200; // that are asked for at once

export class History {
  /**
   * @param {Requests} requests
   * @param {() => void} changed something is known that was not
   */
  constructor(requests, changed) {
    this._requests = requests;
    this._changed = changed;
    this._asked = 0;
    this._askedLost = 0;
    this.path = '';
    /** @type {Row[]} */
    this.rows = [];
    /** @type {Doubt[]} */
    this.doubts = [];
    /** Each save of a row, by the row's first version. @type {Map<number, Row[]>} */
    this.each = new Map();
    /** The version before which the next page begins; 0: there is none. */
    this.older = 0;
    this.words = '';
    this.error = '';
    this.isKnown = false;
    /** Null: nobody has asked. @type {Lost[] | null} */
    this.lost = null;
    this.lostMore = 0;
    this.lostWords = '';
  }

  /** Another notebook is looked at; "": none. @param {string} path */
  open(path) {
    if (path === this.path) return;
    this.path = path;
    this._asked++;
    this._askedLost++;
    Object.assign(this, { rows: [], doubts: [], each: new Map(), older: 0, words: '', error: '', isKnown: false });
    Object.assign(this, { lost: null, lostMore: 0, lostWords: '' });
    this._changed();
  }

  /** Only what holds these words. @param {string} words */
  async find(words) {
    this.words = words;
    await this._fetch(PAGE);
  }

  /** As many rows as there are, anew. */
  async refresh() {
    await this._fetch(Math.min(Math.max(this.rows.length, PAGE), MOST));
  }

  /** The rows before. */
  async more() {
    const { older } = this;
    if (!older) return;
    const found = await this._look({ most: PAGE, before: older });
    if (!found || older !== this.older) return;
    this.rows = [...this.rows, ...found.rows];
    this.older = found.older;
    this._changed();
  }

  /** Each save of a row, or no more. @param {Row} row */
  async unfold(row) {
    if (this.each.delete(row.first)) {
      this._changed();
      return;
    }
    const { path } = this;
    const query = { each: 1, since: row.first, before: row.version + 1, most: MOST };
    const found = await this._requests.look('history', path, query);
    if (path !== this.path) return;
    this.each.set(row.first, found.rows);
    this._changed();
  }

  /** @param {number} version @returns {Promise<ShownVersion>} */
  version(version) {
    return this._requests.look('version', this.path, { version });
  }

  /** What is lost, of it what holds the words. @param {string} [words] */
  async findLost(words = this.lostWords) {
    this.lostWords = words;
    const asked = ++this._askedLost;
    const found = await this._told(() => this._requests.look('lost', this.path, words ? { words } : {}));
    if (!found || asked !== this._askedLost) return;
    this.lost = found.lost;
    this.lostMore = found.more;
    this.error = '';
    this._changed();
  }

  /**
   * Have something done: `restore`, `put-back`, `recover`, `dismiss`.
   * @param {string} what
   * @param {Record<string, unknown>} body
   * @returns {Promise<Done>}
   */
  act(what, body) {
    return this._requests.act(what, this.path, body);
  }

  /** @param {number} most */
  async _fetch(most) {
    if (!this.path) return;
    const asked = ++this._asked;
    const found = await this._look({ most }, () => asked === this._asked);
    if (!found) return;
    this.rows = found.rows;
    this.older = found.older;
    this.doubts = found.doubts;
    const still = new Set(found.rows.map((/** @type {Row} */ row) => `${row.first} ${row.version}`));
    for (const [first, saves] of this.each) if (!still.has(`${first} ${saves[0]?.version}`)) this.each.delete(first);
    this.isKnown = true;
    this.error = '';
    this._changed();
  }

  /**
   * @param {Record<string, string | number>} query
   * @param {() => boolean} isWanted
   */
  async _look(query, isWanted = () => true) {
    const { path, words } = this;
    const found = await this._told(() =>
      this._requests.look('history', path, { ...query, ...(words && { words }) })
    );
    return path === this.path && words === this.words && isWanted() ? found : null;
  }

  /** What comes of a question; a failure is told. @param {() => Promise<any>} ask */
  async _told(ask) {
    const { path } = this;
    try {
      return await ask();
    } catch (error) {
      if (path === this.path) {
        this.error = error instanceof Error ? error.message : String(error);
        this._changed();
      }
      return null;
    }
  }
}
