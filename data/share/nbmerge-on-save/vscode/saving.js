/**
 * Owns: what VS Code may have written in a save that it makes by itself.
 * Must not know: servers, what a version is.
 * Invariant: VS Code takes what it writes from the notebook at some moment between `onWillSave` and `onDidSave`, most
 * often when all that wait for it are done, but also before where they take long.  It does not say when, nor show the
 * bytes: every state of these moments is kept, with the version that it went on from, and a file that holds one of
 * them was written by this window.  Where somebody has written over it at once, it was one of the last.
 */

import { joined, sameJson } from './notebooks.js';

/** @typedef {import('vscode').NotebookData} NotebookData */
/** @typedef {{data: NotebookData, base: string | null, isPrepared: boolean}} State */
/** A text, and the version that it was made from. @typedef {{text: string, base: string | null}} Written */

const MOST = 100; // states that are kept; two for each key
const TRIED = 8; // of them, where nothing is certain

export class Saving {
  /**
   * @param {{capture: () => NotebookData, written: (data: NotebookData) => Promise<string>}} editor
   * @param {() => string | null} base the version that the notebook goes on from now
   */
  constructor(editor, base) {
    this.editor = editor;
    this.base = base;
    /** @type {State[] | null} */
    this._states = null;
    /** Of a save that was taken for refused. @type {State[]} */
    this._late = [];
  }

  get isUnderWay() {
    return this._states !== null;
  }

  /** A save begins. */
  begins() {
    this._states ??= this._late;
    this._late = [];
    this.changed();
  }

  /** The notebook, or the version that it goes on from, has changed. @param {() => NotebookData} capture what it holds now */
  changed(capture = () => this.editor.capture()) {
    if (!this._states) return; // a key copies the notebook only while it is saved
    this._add({ data: capture(), base: this.base(), isPrepared: false });
  }

  /** VS Code writes as soon as it hears of it. */
  prepared() {
    this._add({ data: this.editor.capture(), base: this.base(), isPrepared: true });
  }

  /** @param {State} state */
  _add(state) {
    if (this._states) this._states = [...this._states, state].slice(-MOST);
  }

  /** The save is over. @returns {State[]} */
  end() {
    const states = this._states ?? this._late;
    this._states = null;
    this._late = [];
    return states;
  }

  /** The save was refused, as it seems. */
  giveUp() {
    this._late = this._states ?? [];
    this._states = null;
  }

  /**
   * Whether somebody is just writing the file that holds a text, or VS Code may just have written it in this save; that
   * by its sources, for others change them.
   * @param {string} held
   */
  isBeingWritten(held) {
    const found = parsed(held);
    return !found || (this._states ?? []).some(({ data }) => sameSources(data, found));
  }

  /**
   * What VS Code has written in a save that is over.
   * @param {State[]} states
   * @param {string | null} held what the file holds now; null: it cannot be read
   * @param {boolean} isTypedInto it was typed into since that was written
   * @returns {Promise<Written[]>} what it may have been, the likeliest first; one alone is certain
   */
  async written(states, held, isTypedInto) {
    const newest = [...states].reverse();
    const wanted = held === null ? {} : valueOf(held); // not by its bytes: another VS Code may spell it otherwise
    for (const { data, base } of newest.filter(one => sameSources(one.data, wanted))) {
      const text = await this.editor.written(data);
      if (text === held || sameJson(valueOf(text), wanted)) return [{ text: held ?? '', base }];
    }
    // Somebody has written over it, who may have read it before: then the most of it is still there.
    const prepared = newest.findIndex(one => one.isPrepared);
    const since = prepared < 0 ? newest : newest.slice(0, prepared + 1);
    if (isTypedInto) since.reverse(); // the likeliest first
    const likely = since.map(one => ({ one, count: commonSources(one.data, wanted) })).sort((a, b) => b.count - a.count);
    const tried = likely.slice(0, TRIED).map(({ one }) => one);
    return Promise.all(tried.map(async ({ data, base }) => ({ text: await this.editor.written(data), base })));
  }
}

/**
 * How many sources of a notebook another has, too.
 * @param {NotebookData} data
 * @param {import('./notebooks.js').Json} value
 */
function commonSources({ cells }, { cells: others = [] }) {
  const held = new Set(others.map((/** @type {any} */ one) => joined(one?.source)));
  return cells.filter(one => held.has(plain(one.value))).length;
}

/** A source as files hold it. @param {string} text */
const plain = text => text.replace(/\r\n/g, '\n');

/**
 * @param {NotebookData} data
 * @param {import('./notebooks.js').Json} value
 */
const sameSources = ({ cells }, { cells: others = [] }) =>
  cells.length === others.length && cells.every((cell, i) => plain(cell.value) === joined(others[i]?.source));

/** What a text says; undefined where it is not a whole one. @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // somebody is just writing it
  }
}

/** @param {string} text @returns {import('./notebooks.js').Json} */
function valueOf(text) {
  const found = parsed(text);
  return typeof found === 'object' && found ? found : {};
}
