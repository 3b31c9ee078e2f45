/**
 * Owns: the order of cells where one side moved or inserted some since a copy was sent, and which of them
 * can stay where they are on the way to it.
 * Must not know: what a cell is.
 * Invariant: every item of `now` that the target did not drop is in the result once, and so is every item
 * of the target; an item stands behind the one that its own side put it behind.
 */

/**
 * The order of the cells, or null if both sides moved cells.
 * @template T
 * @param {T[]} now what the page shows
 * @param {T[]} sent what was sent and is still there, in that order
 * @param {T[]} target what was sent and stays, and new items
 * @returns {T[] | null}
 */
export function placed(now, sent, target) {
  const wanted = new Set(target);
  const known = new Set(sent);
  const present = now.filter(one => !known.has(one) || wanted.has(one));
  const old = sent.filter(one => wanted.has(one));
  const theirs = target.filter(one => known.has(one));
  const mine = present.filter(one => known.has(one));
  const theyMoved = !same(theirs, old);
  if (theyMoved && !same(mine, old) && !same(mine, theirs)) return null;
  return theyMoved ? woven(target, present) : woven(present, target);
}

/**
 * @param {unknown[]} one
 * @param {unknown[]} other
 */
const same = (one, other) => one.length === other.length && one.every((item, place) => item === other[place]);

/**
 * The first list with the items that only the second has, each behind the one before it.
 * @template T
 * @param {T[]} first
 * @param {T[]} second
 * @returns {T[]}
 */
function woven(first, second) {
  const there = new Set(first);
  /** @type {Map<T | null, T[]>} */
  const behind = new Map();
  /** @type {T | null} */
  let before = null;
  for (const item of second) {
    if (there.has(item)) before = item;
    else behind.set(before, [...(behind.get(before) ?? []), item]);
  }
  return [...(behind.get(null) ?? []), ...first.flatMap(item => [item, ...(behind.get(item) ?? [])])];
}

/**
 * The items that need not be taken out to come from one order to another: of the `kept` ones all that
 * can, the first before the others, and else as many as possible.
 * @template T
 * @param {T[]} now
 * @param {T[]} order
 * @param {T[]} kept
 * @returns {Set<T>}
 */
export function resting(now, order, kept) {
  const places = new Map(order.map((item, place) => [item, place]));
  /** @param {T} item */
  const goal = item => /** @type {number} */ (places.get(item));
  let candidates = now.filter(item => places.has(item));
  for (const one of kept) {
    const at = candidates.indexOf(one);
    if (at >= 0) candidates = candidates.filter((item, i) => i === at || i < at === goal(item) < goal(one));
  }
  return new Set(longestRising(candidates, goal));
}

/**
 * @template T
 * @param {T[]} items
 * @param {(item: T) => number} value different for each
 * @returns {T[]}
 */
function longestRising(items, value) {
  /** @type {number[]} */
  const ends = []; // of the best run of each length, the place of its last item
  /** @type {number[]} */
  const before = [];
  for (const [i, item] of items.entries()) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const half = (low + high) >> 1;
      if (value(items[ends[half]]) < value(item)) low = half + 1;
      else high = half;
    }
    before[i] = low ? ends[low - 1] : -1;
    ends[low] = i;
  }
  /** @type {T[]} */
  const found = [];
  for (let i = ends.length ? ends[ends.length - 1] : -1; i >= 0; i = before[i]) found.unshift(items[i]);
  return found;
}
