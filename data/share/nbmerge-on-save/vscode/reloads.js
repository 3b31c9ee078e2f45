/**
 * Owns: noticing that VS Code has taken over the file of a notebook by itself, and what was typed into it just then.
 * Must not know: servers, what becomes of it.
 * Invariant: VS Code takes over the file only of a notebook without unsaved changes, but keys that come once it has read
 * the file go with what it replaces; it says nothing of either, nor that there were unsaved changes then.  So what is
 * typed into a notebook counts until VS Code says that it has unsaved changes, which it does only behind the first key.
 */

/** @typedef {import('vscode').NotebookData} NotebookData */
/** What was typed, and what it was typed into. @typedef {{common: NotebookData, other: NotebookData}} Typed */
/**
 * VS Code may have taken over the file: `shown` is what the notebook held just after that, `clean` before that and
 * before anything was typed, `typed` what went by it.
 * `isSure`: it is none of the person's doing, since there are no unsaved changes by it.
 * @typedef {{shown: NotebookData, clean: NotebookData | null, typed: Typed | null, isSure: boolean}} Reload
 */

const LATELY = 10_000; // milliseconds in which VS Code reads a file, on a busy machine

export class Reloads {
  /**
   * @param {() => NotebookData} capture what the notebook holds now
   * @param {() => number} now milliseconds
   */
  constructor(capture, now) {
    this.capture = capture;
    this.now = now;
    /** Not known yet whether it was one. @type {Reload | null} */
    this._pending = null;
    /** What the notebook held when it was last without unsaved changes. @type {NotebookData | null} */
    this._clean = null;
    /** @type {NotebookData | null} */
    this._typed = null;
    /** When it was typed into last since then. @type {number | null} */
    this._since = null;
  }

  /** The notebook has no unsaved changes. */
  isClean() {
    this._begin(this.capture());
  }

  /**
   * Somebody has typed.
   * @param {() => NotebookData} capture what the notebook holds now
   * @param {boolean} isUnsaved VS Code says so
   */
  typed(capture, isUnsaved) {
    this._typed = isUnsaved ? null : capture();
    this._since = this.now();
  }

  /**
   * Cells have come and gone, or were changed otherwise, of a notebook that is said to have no unsaved changes.
   * VS Code may do that in several steps, and somebody may just have put in a cell.
   * @param {NotebookData} shown what it holds now
   */
  mayHaveHappened(shown) {
    const last = this._pending;
    const isLately = this._since !== null && this.now() - this._since < LATELY;
    const clean = last ? last.clean : this._clean;
    const other = last?.typed?.other ?? (isLately ? this._typed : null) ?? last?.shown ?? null;
    const typed = clean && other && { common: clean, other };
    this._pending = { shown, clean, typed, isSure: last?.isSure ?? false };
    this._begin(shown);
  }

  get isPending() {
    return this._pending !== null;
  }

  /** It has. */
  hasHappened() {
    if (this._pending) this._pending.isSure = true;
  }

  /** What may have happened and has not been looked at yet. @returns {Reload | null} */
  take() {
    const found = this._pending;
    this._pending = null;
    return found;
  }

  /** @param {NotebookData} clean */
  _begin(clean) {
    this._clean = clean;
    this._typed = this._since = null;
  }
}
