/**
 * Owns: what VS Code may have written in a save that it makes by itself.
 * Must not know: servers, versions.
 * Invariant: VS Code takes what it writes from the notebook at some moment between the end of `onWillSave` and
 * `onDidSave`, and does not say at which, nor show the bytes: every state of these moments is kept, and a file that
 * holds one of them was written by this window.
 */

/** @typedef {import('vscode').NotebookData} NotebookData */

const MOST = 50; // states that are kept; a key a state

export class Saving {
  /** @param {{capture: () => NotebookData, written: (data: NotebookData) => Promise<string>}} editor */
  constructor(editor) {
    this.editor = editor;
    /** @type {NotebookData[] | null} */
    this._states = null;
  }

  get isUnderWay() {
    return this._states !== null;
  }

  /** A save begins; what it writes is not taken yet. */
  begins() {
    this._states ??= [];
  }

  /** From now on VS Code may take what it writes. */
  mayBeTaken() {
    this._states = [this.editor.capture()];
  }

  /** The notebook has changed. */
  changed() {
    if (this._states?.length) this._states = [...this._states, this.editor.capture()].slice(-MOST);
  }

  /**
   * The save is over.
   * @param {string | null} held what the file holds now; null: it was not saved
   * @returns {Promise<boolean>} whether this window has written that
   */
  async ends(held) {
    const states = this._states ?? [];
    this._states = null;
    if (held === null) return false;
    for (const state of [...states].reverse()) if ((await this.editor.written(state)) === held) return true;
    return false;
  }
}
