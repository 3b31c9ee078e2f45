/**
 * Owns: conflict markers in a cell's text: where they stand, and the text without them once a side is chosen.
 * Must not know: VS Code, where the sides come from.  Runs under node.
 * Invariant: nothing outside of the markers changes; markers that are not whole are no conflict.
 */

/**
 * Lines of a text, from 0: the first and last marker, the one before the base (null: it is not shown), and the
 * one between the sides; the labels of the sides, the upper one first.
 * @typedef {{first: number, base: number | null, middle: number, last: number, labels: [string, string]}} Conflict
 */
/** @typedef {'upper' | 'lower' | 'both' | 'base'} Choice */

const MARKER = /^(<{7,}|\|{7,}|={7,}|>{7,})(?: (.*))?$/;

/**
 * @param {string} text
 * @returns {Conflict[]}
 */
export function conflictsIn(text) {
  /** @type {Conflict[]} */
  const found = [];
  /** @type {{first: number, base: number | null, middle: number, size: number, label: string} | null} */
  let open = null;
  for (const [number, line] of text.split('\n').entries()) {
    const [, marker, label = ''] = MARKER.exec(line.replace(/\r$/, '')) ?? [];
    if (!marker) continue;
    const [sign] = marker;
    if (sign === '<') open = { first: number, base: null, middle: -1, size: marker.length, label };
    else if (!open || marker.length !== open.size) continue;
    else if (sign === '|' && open.middle < 0) open.base = number;
    else if (sign === '=' && open.middle < 0) open.middle = number;
    else if (sign === '>' && open.middle >= 0) {
      const { first, base, middle } = open;
      found.push({ first, base, middle, last: number, labels: [open.label, label] });
      open = null;
    }
  }
  return found;
}

/**
 * Which side is this editor's own, by its label; the upper one where the labels do not tell, as in git's merges.
 * @param {Conflict} conflict
 * @param {string} writer the name under which this editor saves
 * @returns {'upper' | 'lower'}
 */
export function ownSide({ labels: [upper, lower] }, writer) {
  return lower.startsWith(writer) && !upper.startsWith(writer) ? 'lower' : 'upper';
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
  const upper = lines.slice(first + 1, base ?? middle);
  const lower = lines.slice(middle + 1, last);
  switch (choice) {
    case 'upper':
      return upper;
    case 'lower':
      return lower;
    case 'both':
      return [...upper, ...lower];
    case 'base':
      return base === null ? null : lines.slice(base + 1, middle);
  }
}
