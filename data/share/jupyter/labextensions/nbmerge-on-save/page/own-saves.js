/**
 * Owns: which versions were saved from this tab, also before its page was loaded anew.
 * Must not know: notebooks, what it is asked for.  Runs under node.
 * Invariant: of the many only the newest are kept; a browser that keeps nothing loses only what was before.
 */

const KEY = 'nbmerge:own-saves';
const MOST = 300; // tokens

export class OwnSaves {
  /** @param {Pick<Storage, 'getItem' | 'setItem'> | null} storage what is kept for as long as the tab is there */
  constructor(storage) {
    this._storage = storage;
    this._tokens = new Set(kept(storage));
  }

  /** @param {string} token */
  has(token) {
    return this._tokens.has(token);
  }

  /** @param {string} token */
  add(token) {
    this._tokens.delete(token);
    this._tokens.add(token);
    for (const old of [...this._tokens].slice(0, -MOST)) this._tokens.delete(old);
    try {
      this._storage?.setItem(KEY, JSON.stringify([...this._tokens]));
    } catch {
      // It is full, or not allowed: the tokens are known until the page is loaded anew.
    }
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
