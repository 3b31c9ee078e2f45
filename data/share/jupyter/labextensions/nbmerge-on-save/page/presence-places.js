/**
 * Owns: where somebody's place in one copy of a notebook is in another copy, which was changed elsewhere.
 * Must not know: editors, people, connections.  Runs under node.
 * Invariant: every place leads somewhere within the text; whatever is sent, nothing is thrown.
 *
 * Pages tell each other places in the text that both had last, since what is typed is nobody's but its page's
 * until it is saved: so a place goes from a page's text to that text, and from there to another page's.
 */

import { splices } from './text.js';

const LONGEST = 100_000; // characters; in longer texts that differ, places are where they were

/**
 * What gives the place in one text for a place in another; the two are compared once.
 * @param {string} from
 * @param {string} to
 * @returns {(offset: number) => number}
 */
export function carrier(from, to) {
  const isCompared = from !== to && from.length <= LONGEST && to.length <= LONGEST;
  const changes = isCompared ? splices(from, to) : [];
  return offset => {
    const place = Math.max(0, Math.min(offset, from.length));
    let shift = 0;
    for (const change of changes) {
      if (place < change.from) break;
      if (place < change.to) return change.from + shift + Math.min(place - change.from, change.text.length);
      shift += change.text.length - (change.to - change.from);
    }
    return Math.min(place + shift, to.length);
  };
}

const KEPT = 4; // versions: who is told of a place may be some behind, or before

/**
 * The cells of a notebook whose cells have no ids: they are known by their place in a version.
 * @template Cell
 */
export class Places {
  constructor() {
    /** @type {Map<string, Cell[]>} */
    this._versions = new Map();
  }

  /**
   * These cells are those of a version.
   * @param {string} version
   * @param {readonly Cell[]} cells
   */
  learn(version, cells) {
    if (this._versions.has(version)) return;
    this._versions.set(version, [...cells]);
    for (const old of [...this._versions.keys()].slice(0, -KEPT)) this._versions.delete(old);
  }

  /**
   * @param {string} version
   * @param {number} place
   * @returns {Cell | undefined}
   */
  cell(version, place) {
    return this._versions.get(version)?.[place];
  }

  /**
   * A cell's place in the newest version that has it; null: it is in none.
   * @param {Cell} cell
   */
  of(cell) {
    for (const [version, cells] of [...this._versions].reverse()) {
      const place = cells.indexOf(cell);
      if (place >= 0) return { version, place };
    }
    return null;
  }
}
