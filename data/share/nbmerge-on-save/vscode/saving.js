/**
 * Owns: what VS Code may have written in a save that it makes by itself.
 * Must not know: servers, what a version is.
 * Invariant: VS Code takes what it writes from the notebook at some moment between `onWillSave` and `onDidSave`, most
 * often when all that wait for it are done, but also before where they take long.  It does not say when, nor show the
 * bytes: every state of these moments is kept, with the version that it went on from, and a file that holds one of
 * them was written by this window.
 */

import { joined, sameJson } from './notebooks.js';

/** @typedef {import('vscode').NotebookData} NotebookData */

const MOST = 50; // states that are kept; a key a state

export class Saving {
  /**
   * @param {{capture: () => NotebookData, written: (data: NotebookData) => Promise<string>}} editor
   * @param {() => string | null} base the version that the notebook goes on from now
   */
  constructor(editor, base) {
    this.editor = editor;
    this.base = base;
    /** @type {{data: NotebookData, base: string | null}[] | null} */
    this._states = null;
  }

  get isUnderWay() {
    return this._states !== null;
  }

  /** A save begins. */
  begins() {
    this._states ??= [];
    this.changed();
  }

  /**
   * Whether a text is what VS Code may just have written in this save; by its sources, for others change them.
   * @param {string} held
   */
  mayHaveWritten(held) {
    const { cells = [] } = valueOf(held);
    return (this._states ?? []).some(
      ({ data }) => data.cells.length === cells.length && data.cells.every((cell, i) => cell.value === joined(cells[i].source))
    );
  }

  /** The notebook, or the version that it goes on from, has changed. @param {() => NotebookData} capture what it holds now */
  changed(capture = () => this.editor.capture()) {
    if (!this._states) return;
    this._states = [...this._states, { data: capture(), base: this.base() }].slice(-MOST);
  }

  /**
   * The save is over.
   * @param {string | null} held what the file holds now; null: it was not saved
   * @returns {Promise<string | null>} the version from which this window has written that; null: it has not
   */
  async ends(held) {
    const states = this._states ?? [];
    this._states = null;
    if (held === null) return null;
    const wanted = valueOf(held); // not by its bytes: another VS Code may spell it otherwise
    for (const { data, base } of [...states].reverse()) {
      const text = await this.editor.written(data);
      if (text === held || sameJson(valueOf(text), wanted)) return base;
    }
    return null;
  }
}

/** @param {string} text @returns {import('./notebooks.js').Json} */
function valueOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {}; // somebody is just writing it
  }
}
