/**
 * Owns: conflict markers in a cell's text: where they stand, and the text without them once a side is chosen.
 * Must not know: VS Code, where the sides come from.  Runs under node.
 * Invariant: nothing outside of the markers changes; markers that are not whole are no conflict.
 */

/**
 * Lines of a text, from 0: the first and last marker, the one before the base (null: it is not shown), and the
 * one between the sides; the labels of the sides.
 * @typedef {{first: number, base: number | null, middle: number, last: number, mine: string, theirs: string}} Conflict
 */
/** @typedef {'mine' | 'theirs' | 'both' | 'base'} Choice */

const MARKER = /^(<{7,}|\|{7,}|={7,}|>{7,})(?: (.*))?$/;

/**
 * @param {string} text
 * @returns {Conflict[]}
 */
export function conflictsIn(text) {
  /** @type {Conflict[]} */
  const found = [];
  /** @type {{first: number, base: number | null, middle: number, size: number, mine: string} | null} */
  let open = null;
  for (const [number, line] of text.split('\n').entries()) {
    const [, marker, label = ''] = MARKER.exec(line.replace(/\r$/, '')) ?? [];
    if (!marker) continue;
    const [sign] = marker;
    if (sign === '<') open = { first: number, base: null, middle: -1, size: marker.length, mine: label };
    else if (!open || marker.length !== open.size) continue;
    else if (sign === '|' && open.middle < 0) open.base = number;
    else if (sign === '=' && open.middle < 0) open.middle = number;
    else if (sign === '>' && open.middle >= 0) {
      found.push({ first: open.first, base: open.base, middle: open.middle, last: number, mine: open.mine, theirs: label });
      open = null;
    }
  }
  return found;
}

/**
 * The lines that take the place of a conflict; null: they do not stand in the text.
 * @param {string} text
 * @param {Conflict} conflict
 * @param {Choice} choice
 * @returns {string[] | null}
 */
export function chosen(text, conflict, choice) {
  const lines = text.split('\n');
  const { first, base, middle, last } = conflict;
  const mine = lines.slice(first + 1, base ?? middle);
  const theirs = lines.slice(middle + 1, last);
  switch (choice) {
    case 'mine':
      return mine;
    case 'theirs':
      return theirs;
    case 'both':
      return [...mine, ...theirs];
    case 'base':
      return base === null ? null : lines.slice(base + 1, middle);
  }
}
