/**
 * Owns: one open notebook as a copy that takes part although its editor writes the file itself: the token of
 * the version that the copy goes on from, what is pulled into it, and what has to happen around a save.
 * Must not know: VS Code, processes, how an editor shows a notebook.  Runs under node.
 * Invariant: the token never stands for more than the copy has taken in: it moves on only when all of an
 * answer was brought in; and what an undo took of others' work out of the copy again is brought in once more before
 * the copy is saved.  One thing happens at a time.
 */

/** @typedef {import('./notebooks.js').Operation} Operation */
/** @typedef {{writer: string, cells: number, lines: number}} Came */
/** @typedef {{version: string, head: string, operations: Operation[], held: (string | number)[], came: Came[], due: boolean}} PullAnswer */
/** @typedef {{version: string, sent: string, merged: boolean, operations: Operation[], came: Came[], conflicts: object[]}} SaveAnswer */
/** @typedef {{version: string, head: string, due: boolean}} ClaimAnswer */
/**
 * Its errors have a `reason`.
 * @typedef {object} Server
 * @property {(content: string, base: string) => Promise<PullAnswer>} pull
 * @property {(content: string, base: string, saveId: string) => Promise<SaveAnswer>} save
 * @property {(content: string, base: string) => Promise<ClaimAnswer>} claim
 * @property {(common: string, content: string, other: string) => Promise<{operations: Operation[], held: (string | number)[]}>} merge
 * what of `other` the content lacks, and the cells that were changed in one place
 * @property {(content: string) => Promise<{version: string}>} identify the version that says the same; "": none does
 * @property {() => Promise<{version: string, due: boolean}>} head what the file holds; `due`: it lacks something that
 * others saved, and a pull brings it
 * @property {() => Promise<{version: string}>} hold the same, and others that take part wait with their writes until
 * the next claim, or two seconds
 * @property {() => Promise<{version: string, content: string}>} open
 */
/** What an editor holds at one moment: `text` is what it would write into the file. @typedef {{text: string}} Snapshot */
/**
 * `holds` says whether the editor shows what a text of a file says.  `undone` tells the first thing that an undo has
 * taken out of what was brought in: the text just after that, and what it would be without it; `back`: it is there again.
 * `told` is given the version that the copy went on from before.
 * @typedef {object} Editor
 * @property {() => Promise<Snapshot>} read
 * @property {(operations: Operation[], snapshot: Snapshot) => Promise<boolean>} bring all of them, or none
 * @property {(snapshot: Snapshot) => boolean} isAsRead nobody has done anything since
 * @property {(common: string, other: string, cells: (string | number)[]) => Promise<void>} insert what `other` has put into
 * these cells
 * @property {(text: string) => Promise<boolean>} holds
 * @property {() => boolean} hasUndone
 * @property {() => Promise<{common: string, other: string, back: () => void}>} undone
 * @property {() => void} forgetUndone
 * @property {() => string} stamp tells the file from one that was written since
 * @property {(stamp: string) => boolean} isKnown have the editor save over the file of a stamp without asking; false: it
 * is another by now
 * @property {(came: Came[], conflicts: number, before: string) => void} told
 * @property {(milliseconds: number) => Promise<void>} wait
 * @property {() => number} now
 * @property {() => string} newId
 */

const ATTEMPTS = 5; // to bring an answer in while somebody types
const ROUNDS = 12; // saves of others, and keys, that may come in between while one is prepared
const SAVING = 900; // milliseconds for that: VS Code waits 1.5 s for all extensions together
const PAUSE = 120; // milliseconds between attempts

export class Copy {
  /**
   * @param {Server} server
   * @param {Editor} editor
   * @param {string | null} base the version that the editor's content comes from; null: not known
   */
  constructor(server, editor, base) {
    this.server = server;
    this.editor = editor;
    this.base = base;
    /** What the file held when the editor itself last read or wrote it, as far as is known. @type {string | null} */
    this.written = base;
    this.closed = false;
    this._saves = 0;
    this._recorded = ''; // the file of which what it holds is in the history
    /** @type {Promise<unknown>} */
    this._queue = Promise.resolve();
    /** @type {Promise<boolean> | null} */
    this._waiting = null;
  }

  /**
   * Take what the file holds for what the editor shows, if it does; whether it does.
   * @returns {Promise<boolean>}
   */
  adopt() {
    return this._queued(() => this._adopt());
  }

  async _adopt() {
    const opened = await this.server.open();
    if (this.closed || !(await this.editor.holds(opened.content))) return false;
    this.base = this.written = opened.version;
    this.editor.forgetUndone();
    return true;
  }

  /**
   * The editor may have taken over by itself what the file held: find out which version that was.  Until then the
   * copy would count others' work as its own.  If that is not sure, an older version than the copy's own is none that
   * it has taken over: somebody has undone something.
   * @param {() => Promise<string>} shown what the editor showed just after that
   * @param {boolean} isSure it has, whatever version it was
   * @param {() => void} otherwise is done at once if it has not
   * @returns {Promise<boolean>} whether it has
   */
  reloaded(shown, isSure, otherwise) {
    return this._queued(async () => {
      const { version } = await this.server.identify(await shown());
      if (this.closed) return false;
      if (!version || (!isSure && numberOf(version) < numberOf(this.base ?? ''))) {
        otherwise();
        return false;
      }
      this.base = this.written = version;
      return true;
    });
  }

  /**
   * Bring in what others saved; nothing is saved.  Pulls that wait for their turn are one.
   * @returns {Promise<boolean>} whether the copy now has all that it can have before it is saved
   */
  pull() {
    this._waiting ??= this._queued(() => {
      this._waiting = null;
      return this._pull();
    });
    return this._waiting;
  }

  /**
   * Before the editor writes: where others have saved, theirs is merged into the file and into the editor, until the
   * editor has all that the file holds; then it need not ask.  Others that take part wait until it has written.
   * If that takes too long, the editor saves all the same: what the file held is in the history, and since it is
   * told what the editor's save was made from, the next pull brings it.
   * @returns {Promise<boolean>} whether others have saved
   */
  beforeSave() {
    const until = this.editor.now() + SAVING;
    const save = ++this._saves;
    return this._queued(async () => {
      let isExact = false; // then it need not ask either, if nothing comes in between
      for (let round = 0; round < ROUNDS && this.editor.now() < until && !this.closed; round++) {
        if (this._saves !== save) return true; // the editor did not wait
        if (this.base === null) return false; // the editor asks, and the watcher judges
        if (round === 0) await this.server.hold();
        const stamp = this.editor.stamp();
        const { version } = await this.server.head();
        this._recorded = stamp;
        if (!(await this._broughtAgain())) continue;
        if (version === this.written && this.base === version) return round > 0;
        if (version === this.base && (this.editor.isKnown(stamp) || isExact)) return true;
        isExact = await this._write(this.base, save);
      }
      if (this._saves === save) this.hurry();
      return true;
    });
  }

  /**
   * After the editor has written something.
   * @param {() => Promise<import('./saving.js').Written[]>} written
   * @returns {Promise<boolean>} whether something was brought in that has to be saved
   */
  afterSave(written) {
    return this._queued(async () => {
      const { text, base } = (await this._known(await written())) ?? { text: '', base: null };
      if (this.closed) return false;
      if (base === null) {
        await this._adopt();
        return false;
      }
      const hasMoved = this.base !== base; // it has taken in more since
      const answer = await this.server.claim(text, base);
      this.written = answer.version;
      if (!hasMoved) this.base = answer.version;
      return this.editor.hasUndone() && this._broughtAgain(); // undone just before it was written
    });
  }

  /**
   * What the editor has written; if that is not certain, what has been seen in the file.
   * @param {import('./saving.js').Written[]} texts
   */
  async _known(texts) {
    if (texts.length === 1) return texts[0];
    for (const one of texts) {
      const { version } = await this.server.identify(one.text);
      if (numberOf(version) > numberOf(one.base ?? '')) return one;
    }
    return texts[0];
  }

  /** Bring in again what was taken out and is known. @returns {Promise<boolean>} whether all of it is there */
  bringAgain() {
    return this._queued(async () => {
      for (let attempt = 0; attempt < ATTEMPTS && !this.closed; attempt++) if (await this._broughtAgain()) return true;
      return false;
    });
  }

  /** The editor does not wait any longer. */
  hurry() {
    this._saves++;
    this.editor.isKnown(this._recorded);
  }

  /** The editor has written: what is still being prepared for that comes too late. */
  saved() {
    this._saves++;
  }

  /** Have what the file holds in the history. */
  async record() {
    await this.server.head();
  }

  /** Whether others have saved since the editor last read or wrote the file. @returns {Promise<boolean>} */
  isBehind() {
    return this._queued(async () => this.base !== null && (await this.server.head()).version !== this.written);
  }

  /** The editor shows something else from now on. */
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

  async _pull() {
    for (let attempt = 0; attempt < ATTEMPTS && !this.closed; attempt++) {
      if (attempt) await this.editor.wait(PAUSE);
      const base = this.base;
      if (base === null || this.editor.hasUndone()) return false; // it comes with the next save
      const { version, due } = await this.server.head();
      if (version === base && !due) return true;
      const snapshot = await this.editor.read();
      const answer = await this.server.pull(snapshot.text, base);
      if (this.closed) return false;
      if (!(await this.editor.bring(answer.operations, snapshot))) continue;
      this.base = answer.version;
      if (answer.operations.length) this.editor.told(answer.came, 0, base);
      return true;
    }
    return false;
  }

  /**
   * Whether the copy has all again that undos took of others' work out of it.  Each is done with on its own: a second
   * attempt must not begin with the first once more, and somebody may undo more meanwhile.
   * @returns {Promise<boolean>}
   */
  async _broughtAgain() {
    while (this.editor.hasUndone()) {
      const { common, other, back } = await this.editor.undone();
      const snapshot = await this.editor.read();
      const { operations, held } = await this.server.merge(common, snapshot.text, other);
      if (this.closed || !(await this.editor.bring(operations, snapshot))) return false;
      if (held.length) await this.editor.insert(common, other, held);
      back();
    }
    return true;
  }

  /**
   * Merge what the editor shows with what the file holds, in the file and in the editor; whether the file holds to
   * the byte what the editor is going to write.
   * @param {string} base
   * @param {number} save for which; once the editor does not wait for it, it would be saved twice
   * @returns {Promise<boolean>}
   */
  async _write(base, save) {
    const snapshot = await this.editor.read();
    if (this._saves !== save) return true;
    const answer = await this.server.save(snapshot.text, base, this.editor.newId());
    if (this.closed) return true;
    this.base = answer.sent; // should the rest fail, the copy goes on from this
    const isBrought = await this.editor.bring(answer.operations, snapshot);
    if (isBrought) this.base = answer.version;
    if (answer.operations.length) this.editor.told(answer.came, answer.conflicts.length, answer.sent);
    return answer.operations.length === 0 && this.editor.isAsRead(snapshot);
  }
}

/** The number of a version, in its token; -1: there is none. @param {string} token */
function numberOf(token) {
  const number = Number.parseInt(token, 10);
  return Number.isNaN(number) ? -1 : number;
}
