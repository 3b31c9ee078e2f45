/**
 * Owns: noticing that VS Code has taken over the file of a notebook by itself, and what was typed into it just then.
 * Must not know: servers, what becomes of it.
 * Invariant: VS Code takes over the file only of a notebook without unsaved changes, but keys that come while it reads
 * the file go with what it replaces; it says nothing of either.  A notebook of which cells are replaced and that has
 * no unsaved changes then was taken over; what it held before that counts as typed only if it was typed lately, since
 * *Revert File* looks the same and is meant.
 */

/** @typedef {import('vscode').NotebookData} NotebookData */
/** What was typed, and what it was typed into. @typedef {{common: NotebookData, other: NotebookData}} Typed */

const LATELY = 1500; // milliseconds in which VS Code reads a file

export class Reloads {
  /**
   * @param {() => NotebookData} capture what the notebook holds now
   * @param {() => number} now milliseconds
   */
  constructor(capture, now) {
    this.capture = capture;
    this.now = now;
    /** What the notebook held when it was last without unsaved changes. @type {NotebookData | null} */
    this._clean = null;
    /** @type {NotebookData | null} */
    this._typed = null;
    /** When it was typed into first since then. @type {number | null} */
    this._since = null;
  }

  /** The notebook has no unsaved changes. */
  isClean() {
    this._clean = this.capture();
    this._typed = this._since = null;
  }

  /** Somebody has typed. @param {() => NotebookData} capture what the notebook holds now */
  typed(capture) {
    this._since ??= this.now();
    this._typed = this.now() - this._since < LATELY ? capture() : null;
  }

  /**
   * VS Code has taken over the file.
   * @param {NotebookData} shown what the notebook held just after that
   * @returns {Typed | null} what was typed just before
   */
  happened(shown) {
    const { _clean: common, _typed: other } = this;
    const isLately = this._since !== null && this.now() - this._since < 2 * LATELY;
    this._clean = shown;
    this._typed = this._since = null;
    return common && other && isLately ? { common, other } : null;
  }
}
