/**
 * Owns: the differences between two texts, and carrying one text's changes over to another's.
 * Must not know: cells, notebooks, Jupyter.
 * Invariant: a change carried over touches no word that the other side changed, and no splice ever cuts
 * a character of two code units, which a shared text would replace by a question mark.
 */

/**
 * Text in place of the characters from `from` to before `to` of the older text.
 * @typedef {{from: number, to: number, text: string}} Splice
 */

const LARGEST_TABLE = 250_000; // pairs of lines; beyond, all between the first and last change is one

/**
 * What turns one text into another: small, ascending, apart from one another.
 * @param {string} old
 * @param {string} now
 * @returns {Splice[]}
 */
export function splices(old, now) {
  const a = lines(old);
  const b = lines(now);
  /** @type {Splice[]} */
  const found = [];
  let from = 0;
  let i = 0;
  let j = 0;
  for (const [same, other] of [...commonLines(a, b), [a.length, b.length]]) {
    const before = a.slice(i, same).join('');
    const after = b.slice(j, other).join('');
    if (before !== after) found.push(trimmed(before, after, from));
    from += before.length + (a[same] ?? '').length;
    i = same + 1;
    j = other + 1;
  }
  return found;
}

/** @param {string} text */
const lines = text => text.split(/(?<=\n)/);

/**
 * A longest common subsequence, as pairs of places.
 * @param {string[]} a
 * @param {string[]} b
 * @returns {[number, number][]}
 */
function commonLines(a, b) {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  const most = Math.min(a.length, b.length) - head;
  while (tail < most && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  /** @type {[number, number][]} */
  const found = [];
  for (let i = 0; i < head; i++) found.push([i, i]);
  for (const [i, j] of between(a.slice(head, a.length - tail), b.slice(head, b.length - tail))) {
    found.push([head + i, head + j]);
  }
  for (let i = tail; i > 0; i--) found.push([a.length - i, b.length - i]);
  return found;
}

/**
 * @param {string[]} a
 * @param {string[]} b
 * @returns {[number, number][]}
 */
function between(a, b) {
  if (a.length * b.length > LARGEST_TABLE) return [];
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const skipping = Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
      longest[i * width + j] = a[i] === b[j] ? longest[(i + 1) * width + j + 1] + 1 : skipping;
    }
  }
  /** @type {[number, number][]} */
  const found = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) found.push([i++, j++]);
    else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1]) i++;
    else j++;
  }
  return found;
}

/**
 * One splice, without what both texts begin and end with.
 * @param {string} old
 * @param {string} now
 * @param {number} offset
 * @returns {Splice}
 */
function trimmed(old, now, offset) {
  const most = Math.min(old.length, now.length);
  let head = 0;
  while (head < most && old[head] === now[head]) head++;
  if (head && isHigh(old.charCodeAt(head - 1))) head--;
  let tail = 0;
  while (tail < most - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail++;
  if (tail && isLow(old.charCodeAt(old.length - tail))) tail--;
  return { from: offset + head, to: offset + old.length - tail, text: now.slice(head, now.length - tail) };
}

/** @param {number} unit */
const isHigh = unit => unit >= 0xd800 && unit < 0xdc00;
/** @param {number} unit */
const isLow = unit => unit >= 0xdc00 && unit < 0xe000;

/**
 * Their changes of a text, for what it has become on this side; null where both changed one word, or
 * where their changes touch: what comes of that is for the merge to say.
 * @param {string} old
 * @param {string} theirs
 * @param {string} mine
 * @returns {Splice[] | null}
 */
export function carried(old, theirs, mine) {
  const own = splices(old, mine);
  /** @type {Splice[]} */
  const made = [];
  for (const change of splices(old, theirs)) {
    if (own.some(one => isSame(one, change))) continue; // both did it
    if (own.some(one => touches(old, one, change))) return null;
    let shift = 0;
    for (const one of own) if (one.to <= change.from) shift += one.text.length - (one.to - one.from);
    made.push({ from: change.from + shift, to: change.to + shift, text: change.text });
  }
  return made;
}

/**
 * @param {Splice} one
 * @param {Splice} other
 */
const isSame = (one, other) => one.from === other.from && one.to === other.to && one.text === other.text;

/**
 * @param {string} text
 * @param {Splice} one
 * @param {Splice} other
 */
function touches(text, one, other) {
  const [a, b] = [words(text, one), words(text, other)];
  return a.from <= b.to && b.from <= a.to;
}

const WORD = /[\p{L}\p{N}_\ud800-\udfff]/u;

/**
 * A range grown to whole words.
 * @param {string} text
 * @param {Splice} range
 */
function words(text, { from, to }) {
  while (from > 0 && WORD.test(text[from - 1])) from--;
  while (to < text.length && WORD.test(text[to])) to++;
  return { from, to };
}

/**
 * @param {string} text
 * @param {Splice[]} changes
 */
export function spliced(text, changes) {
  return changes.reduceRight((now, one) => now.slice(0, one.from) + one.text + now.slice(one.to), text);
}
