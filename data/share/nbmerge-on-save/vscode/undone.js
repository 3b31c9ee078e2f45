/**
 * Owns: noticing that an undo has taken out of a notebook what others' saves had brought into it.
 * Must not know: servers, what becomes of it.
 * Invariant: only an undo counts: what somebody takes out by hand was meant.  A redo, or text that is there
 * again, ends it.  VS Code does not say that cells came and went by an undo: one that brings back the very cell in
 * whose place another was put can be nothing else; where a cell that others inserted goes, it may be a deletion.
 *
 * An editor's undo takes back the last change of a cell's text, whoever made it.  It is let be, since what the
 * person wanted to take back may be the step before; but a save of such a notebook would take others' work
 * out of the file, so it must be merged as if it had not been brought in.
 */

/** @typedef {import('vscode').NotebookCell} NotebookCell */
/** @typedef {import('./editor.js').Touched} Touched */
/** @typedef {import('./editor.js').Arranged} Arranged */
/** One text that was brought in, and the version that the copy went on from before it. @typedef {Touched & {base: string, undone: boolean}} Arrival */
/** Cells that came and went at once. @typedef {Arranged & {base: string, undone: boolean}} Arrangement */

const MOST = 200; // texts, and as many arrangements of cells, that are remembered of a notebook

export class Arrivals {
  constructor() {
    /** Oldest first. @type {Arrival[]} */
    this._known = [];
    /** Oldest first. @type {Arrangement[]} */
    this._arranged = [];
  }

  /**
   * Texts are about to be brought in.
   * @param {Touched[]} touched
   * @param {string} base the version that the copy goes on from until then
   */
  add(touched, base) {
    this._known.push(...touched.map(one => ({ ...one, base, undone: false })));
    this._known.splice(0, Math.max(0, this._known.length - MOST));
  }

  /**
   * Cells were taken out and put in.
   * @param {Arranged} arranged
   * @param {string} base the version that the copy went on from until then
   */
  arrange(arranged, base) {
    this._arranged = [...this._arranged, { ...arranged, base, undone: false }].slice(-MOST);
  }

  /**
   * Cells have come and gone, not because of us.
   * @param {string[]} added the addresses of their texts
   * @param {string[]} removed
   * @returns {'undone' | 'gone' | null} others' work is out of the notebook: by an undo, or also by hand
   */
  rearranged(added, removed) {
    /** @type {'undone' | 'gone' | null} */
    let found = null;
    for (const one of this._arranged) {
      const isBack = added.some(each => one.removed.has(each));
      const isOut = removed.some(each => one.added.has(each));
      if (one.undone && added.some(each => one.added.has(each))) one.undone = false; // a redo
      else if (isBack && isOut) {
        one.undone = true;
        found = 'undone';
      } else if (isOut && !one.undone) found ??= 'gone';
    }
    return found;
  }

  /**
   * An undo or a redo has given a cell this text; whether others' work is out of the notebook by that and was
   * in it before.
   * @param {NotebookCell} cell
   * @param {string} text
   * @param {boolean} isUndo
   * @returns {boolean}
   */
  stepped(cell, text, isUndo) {
    let found = false;
    for (const one of [...this._known].reverse()) {
      if (one.cell !== cell) continue;
      if (isUndo && !one.undone && one.before === text) {
        one.undone = found = true;
        break;
      }
      if (!isUndo && one.undone && one.after === text) {
        one.undone = false;
        break;
      }
    }
    return found;
  }

  /** The version before the oldest of what is undone; null: nothing is. @returns {string | null} */
  get since() {
    const found = [...this._known, ...this._arranged].filter(one => one.undone).map(one => one.base);
    return found.sort((one, other) => Number.parseInt(one, 10) - Number.parseInt(other, 10))[0] ?? null;
  }

  /** What was undone has been merged again, or is known to be in the file. */
  forget() {
    this._known = this._known.filter(one => !one.undone);
    this._arranged = this._arranged.filter(one => !one.undone);
  }
}
