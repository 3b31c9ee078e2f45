/**
 * Owns: which versions were saved from this tab, also before its page was loaded anew.
 * Must not know: notebooks, what it is asked for.  Runs under node.
 * Invariant: a page knows all that it has saved, and of what the page before it in the tab has saved the newest.  The
 * browser keeps them only from when a page is left until the next one is there: a tab that is made as a copy of this
 * one (Duplicate) gets none of them, as it has saved nothing.  A browser that keeps nothing, or is killed, loses only
 * what was before.
 */

const KEY = 'nbmerge:own-saves';
const MOST = 300; // tokens of all notebooks

export class OwnSaves {
  /** @param {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null} storage what a tab keeps */
  constructor(storage) {
    this._storage = storage;
    this._tokens = new Set(kept(storage));
    this.returned();
  }

  /** @param {string} token */
  has(token) {
    return this._tokens.has(token);
  }

  /** @param {string} token */
  add(token) {
    this._tokens.delete(token);
    this._tokens.add(token);
  }

  /** The page is left: keep the newest for the next one. */
  left() {
    const newest = [...this._tokens].slice(-MOST);
    attempt(() => this._storage?.setItem(KEY, JSON.stringify(newest)));
  }

  /** The page is there, for the first time or once more. */
  returned() {
    attempt(() => this._storage?.removeItem(KEY));
  }
}

/** A storage may be full, or not allowed. @param {() => void} work */
function attempt(work) {
  try {
    work();
  } catch {
    // The tokens are known until the page is loaded anew.
  }
}

/** @param {Pick<Storage, 'getItem'> | null} storage @returns {string[]} */
function kept(storage) {
  try {
    const found = JSON.parse(storage?.getItem(KEY) ?? '[]');
    return Array.isArray(found) ? found.filter(one => typeof one === 'string') : [];
  } catch {
    return [];
  }
}
