/**
 * Owns: noticing that an undo has taken out of a notebook what others' saves had brought into it, and what that was.
 * Must not know: servers, what becomes of it.
 * Invariant: only an undo counts: what somebody takes out by hand was meant.  A redo, or text that is there
 * again, ends it.  VS Code does not say that cells came and went by an undo: one that brings back the very cell in
 * whose place another was put can be nothing else, also where VS Code puts it into another place, as it does when it
 * has taken over the file meanwhile; where a cell that others inserted goes, it may be a deletion.
 *
 * An editor's undo takes back the last change of a cell's text, whoever made it.  It is let be, since what the
 * person wanted to take back may be the step before; but a save of such a notebook would take others' work
 * out of the file, so that is merged into it once more before: from the notebook just after the undo to the one
 * without it, whatever the person has done since.
 */

/** @typedef {import('vscode').NotebookCell} NotebookCell */
/** @typedef {import('./editor.js').Touched} Touched */
/** @typedef {import('./editor.js').Arranged} Arranged */
/** @typedef {import('vscode').NotebookData} NotebookData */
/**
 * What an undo did: the notebook just after it, and as it would be without it.  `isOwn`: it was no undo, and one's
 * own typing was taken out.
 * @typedef {{common: NotebookData, other: NotebookData, isOwn?: boolean}} Undone
 */
/** One text that was brought in. @typedef {Touched & {undone: Undone | null}} Arrival */
/** Cells that came and went at once. @typedef {Arranged & {undone: Undone | null}} Arrangement */
/**
 * How others' work got out of a notebook: by an undo, by one that took out other cells than those that it was meant
 * for, or also by hand.
 * @typedef {'undone' | 'misplaced' | 'gone'} Rearranged
 */

const MOST = 200; // texts, and as many arrangements of cells, that are remembered of a notebook

export class Arrivals {
  /** @param {() => NotebookData} capture what the notebook holds now */
  constructor(capture) {
    this.capture = capture;
    /** What undos have taken out, oldest first. @type {Undone[]} */
    this.undone = [];
    /** What the notebook held after the last change, if cells that came and went are known. @type {NotebookData | null} */
    this.last = null;
    /** Oldest first. @type {Arrival[]} */
    this._known = [];
    /** Oldest first. @type {Arrangement[]} */
    this._arranged = [];
  }

  /** Texts are about to be brought in. @param {Touched[]} touched */
  add(touched) {
    this._known.push(...touched.map(one => ({ ...one, undone: null })));
    this._known.splice(0, Math.max(0, this._known.length - MOST));
  }

  /** Cells were taken out and put in. @param {Arranged} arranged */
  arrange(arranged) {
    this._arranged = [...this._arranged, { ...arranged, undone: null }].slice(-MOST);
    this.changed();
  }

  /** The notebook has changed, and all that came of it is known. @param {() => NotebookData} capture what it holds now */
  changed(capture = this.capture) {
    if (this._arranged.length) this.last = capture();
  }

  /**
   * Cells have come and gone, not because of us.
   * @param {string[]} added the addresses of their texts
   * @param {string[]} removed
   * @param {NotebookData | null} before what the notebook held, if cells that came and went are known
   * @param {NotebookData} after
   * @returns {Rearranged | null}
   */
  rearranged(added, removed, before, after) {
    /** @type {Rearranged | null} */
    let found = null;
    for (const one of this._arranged) {
      const isBack = added.some(each => one.removed.has(each));
      const isOut = removed.some(each => one.added.has(each));
      if (one.undone && added.some(each => one.added.has(each))) this._redone(one);
      else if (isBack && before) {
        this._isUndone(one, before, after);
        const isMeant = removed.every(each => one.added.has(each));
        found = isMeant || found === 'undone' ? 'undone' : 'misplaced';
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
        const other = this.capture();
        other.cells[cell.index].value = one.after;
        this._isUndone(one, other, this.capture());
        found = true;
        break;
      }
      if (!isUndo && one.undone && one.after === text) {
        this._redone(one);
        break;
      }
    }
    return found;
  }

  /** @param {Arrival | Arrangement} one @param {NotebookData} other @param {NotebookData} common */
  _isUndone(one, other, common) {
    one.undone = { common, other };
    this.undone.push(one.undone);
  }

  /** Own typing was taken out by VS Code. @param {import('./reloads.js').Typed} typed */
  lost(typed) {
    this.undone.push({ ...typed, isOwn: true });
  }

  /** @param {Arrival | Arrangement} one */
  _redone(one) {
    this.undone = this.undone.filter(each => each !== one.undone);
    one.undone = null;
  }

  /** What was undone has been merged again, or is known to be in the file. @param {Undone} undone */
  forget(undone) {
    this.undone = this.undone.filter(one => one !== undone);
    this._known = this._known.filter(one => one.undone !== undone);
    this._arranged = this._arranged.filter(one => one.undone !== undone);
  }
}
