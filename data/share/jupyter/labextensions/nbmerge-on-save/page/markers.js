/**
 * Owns: conflict markers in a cell's text: where whole conflicts stand, and the text once a side of one is chosen.
 * Must not know: Jupyter, VS Code, editors, where the sides come from.  Runs under node.
 * Invariant: it finds and settles what `nbmerge conflicts` and `resolve` do (merge/markers, conflicts/choosing), to the
 * byte; markers that are not whole are no conflict, and nothing outside of a settled one changes but markers of others
 * that cross it.
 */

/**
 * Lines of a text, from 0: the first and last marker, the one before the base (null: it is not shown), and the one
 * between the sides; the length of the markers; the labels of the sides, the upper one first.
 * @typedef {object} Conflict
 * @property {number} first
 * @property {number | null} base
 * @property {number} middle
 * @property {number} last
 * @property {number} size
 * @property {[string, string]} labels
 */
/** @typedef {'upper' | 'lower' | 'both' | 'base'} Choice */
/** @typedef {{character: string, size: number, label: string}} Marker */

const LEAST = 7;
const DELETED = '(deleted)'; // what ends the label of a side that has no such cell
const OPENING = '<'.repeat(LEAST);
// What Python takes for white space, which is not quite what JavaScript does.
const SPACE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const SPACE_BEHIND = new RegExp(`^${SPACE}`);
const SPACE_AROUND = new RegExp(`^${SPACE}+|${SPACE}+$`, 'g');
/** @type {Record<string, string>} */
const FOLLOWING = { '<': '|=', '|': '=', '=': '>' };

/** Whether a text can hold a conflict; false is certain, and costs nothing. @param {string} text */
export const mayConflict = text => text.includes(OPENING);

/** Whether a side has no such cell, by its label. @param {string} label */
export const isDeleted = label => label.endsWith(DELETED);

/** A label without that. @param {string} label */
export const nameIn = label => (isDeleted(label) ? label.slice(0, -DELETED.length).trimEnd() : label);

/**
 * The outermost whole conflicts of a text, in order.  Where two cross, that with the longer markers counts.
 * @param {string} text
 * @returns {Conflict[]}
 */
export function conflictsIn(text) {
  return mayConflict(text) ? outermostOf(text.split('\n')) : [];
}

/** @param {string[]} lines @returns {Conflict[]} */
function outermostOf(lines) {
  /** @type {Map<number, Conflict[]>} */
  const bySize = new Map();
  for (const one of everyConflict(lines)) {
    const ofSize = bySize.get(one.size);
    if (ofSize) ofSize.push(one);
    else bySize.set(one.size, [one]);
  }
  /** @type {Conflict[]} */
  let found = [];
  for (const size of [...bySize.keys()].sort((a, b) => b - a)) {
    const ofSize = /** @type {Conflict[]} */ (bySize.get(size)).sort((a, b) => a.first - b.first);
    found = outermost(found, ofSize);
  }
  return found;
}

/**
 * Every whole conflict, nested ones too; a closing marker belongs to the nearest opening one of its length.
 * @param {string[]} lines
 * @returns {Conflict[]}
 */
function everyConflict(lines) {
  /** @type {Conflict[]} */
  const found = [];
  /** @type {Map<number, {at: number, marker: Marker}[][]>} */
  const begun = new Map();
  for (const [at, line] of lines.entries()) {
    const marker = markerOf(line);
    if (!marker || marker.size < LEAST) continue;
    const waiting = begun.get(marker.size) ?? [];
    begun.set(marker.size, waiting);
    const open = waiting.at(-1);
    if (marker.character === '<') waiting.push([{ at, marker }]);
    else if (open && FOLLOWING[open[open.length - 1].marker.character].includes(marker.character)) {
      open.push({ at, marker });
      if (marker.character === '>') found.push(asConflict(/** @type {typeof open} */ (waiting.pop())));
    }
  }
  return found;
}

/** @param {{at: number, marker: Marker}[]} marks @returns {Conflict} */
function asConflict(marks) {
  const [first, ...rest] = marks;
  const [last, middle, base] = rest.reverse();
  return {
    first: first.at,
    base: base?.at ?? null,
    middle: middle.at,
    last: last.at,
    size: first.marker.size,
    labels: [first.marker.label, last.marker.label]
  };
}

/**
 * What a line marks; null: nothing.  A separator has no label.
 * @param {string} line
 * @returns {Marker | null}
 */
function markerOf(line) {
  const character = line[0];
  if (!character || !'<|=>'.includes(character)) return null;
  let size = 1;
  while (line[size] === character) size++;
  const behind = line.slice(size);
  const label = behind.replace(SPACE_AROUND, '');
  if ((behind && !SPACE_BEHIND.test(behind)) || (label && character === '=')) return null;
  return { character, size, label };
}

/**
 * The outermost of both; neither holds two that cross, and those with longer markers stand apart.
 * @param {Conflict[]} longer
 * @param {Conflict[]} shorter
 */
function outermost(longer, shorter) {
  /** @type {Conflict[]} */
  const found = [];
  let kept = 0; // how many of the longer ones were looked at
  for (const one of shorter) {
    const before = endedBefore(longer, one.first);
    const within = endedBefore(longer, one.last);
    const beginsInside = before < longer.length && longer[before].first < one.first;
    const endsInside = within < longer.length && longer[within].first <= one.last;
    const previous = found.at(-1);
    if (beginsInside || endsInside || (previous && one.first <= previous.last)) continue;
    found.push(...longer.slice(kept, before), one);
    kept = Math.max(kept, within);
  }
  return [...found, ...longer.slice(kept)];
}

/**
 * How many of these, which stand apart and in order, have ended before a line.
 * @param {Conflict[]} conflicts
 * @param {number} line
 */
function endedBefore(conflicts, line) {
  let [low, high] = [0, conflicts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (conflicts[middle].last < line) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The lines that take the place of a conflict; null: they do not stand in the text.
 * @param {string[]} lines
 * @param {Conflict} conflict
 * @param {Choice} choice
 * @returns {string[] | null}
 */
function linesOf(lines, { first, base, middle, last }, choice) {
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

/**
 * The text with what was chosen in place of a conflict; null: that does not stand in the text.
 * @param {string} text
 * @param {Conflict} conflict
 * @param {Choice} choice
 * @returns {string | null}
 */
export function settled(text, conflict, choice) {
  const isCrLf = text.includes('\r\n') && !/(^|[^\r])\n/.test(text);
  const plain = isCrLf ? text.replaceAll('\r\n', '\n') : text;
  const endsInLine = plain.endsWith('\n');
  const lines = (endsInLine ? plain.slice(0, -1) : plain).split('\n');
  const taken = linesOf(lines, conflict, choice);
  if (taken === null) return null;
  const torn = tornMarkers(lines, conflict, taken);
  const markers = new Set([...torn].map(at => lines[at]));
  const kept = lines.map((line, at) => (torn.has(at) ? null : line));
  const after = /** @type {string[]} */ (
    [
      ...kept.slice(0, conflict.first),
      ...taken.filter(line => !markers.has(line)),
      ...kept.slice(conflict.last + 1)
    ].filter(line => line !== null)
  );
  const made = after.join('\n') + (endsInLine && after.length ? '\n' : '');
  return isCrLf ? made.replaceAll('\n', '\r\n') : made;
}

/**
 * The places of the markers of conflicts that cross this one, unless all are still there behind it.
 * @param {string[]} lines
 * @param {Conflict} conflict
 * @param {string[]} taken
 */
function tornMarkers(lines, conflict, taken) {
  /** @type {Set<number>} */
  const torn = new Set();
  const kept = new Set(taken);
  const isInside = (/** @type {number} */ at) => at >= conflict.first && at <= conflict.last;
  for (const other of everyConflict(lines)) {
    if (isInside(other.first) === isInside(other.last)) continue;
    const places = [other.first, ...(other.base === null ? [] : [other.base]), other.middle, other.last];
    if (places.some(at => isInside(at) && !kept.has(lines[at]))) for (const at of places) torn.add(at);
  }
  return torn;
}
