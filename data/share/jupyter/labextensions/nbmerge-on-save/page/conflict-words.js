/**
 * Owns: which conflicts of a text count, whose their sides are, and in which words their choices are offered.
 * Must not know: Jupyter, editors, requests.  Runs under node.
 * Invariant: "mine" is said only of a side that this tab has saved, or that alone bears its user's name, where the
 * server knows one; else the words are those of the markers.  Every word is a text, whatever a label holds.
 */

import { conflictsIn, isDeleted, nameIn } from './markers.js';

/** @typedef {import('./markers.js').Conflict} Conflict */
/** @typedef {import('./markers.js').Choice} Choice */
/**
 * The tokens of the saves that brought in a side, and the seconds of the last.
 * @typedef {{versions: string[], time: number | null}} Authored
 */
/**
 * What the server knows of a conflict; `writer`: what it calls the user of this tab; `named`: whether that is a name,
 * and not what it calls everybody.
 * @typedef {{writer: string, named: boolean, hasBase: boolean, upper: Authored, lower: Authored}} Told
 */
/** The tokens of what a tab has saved. @typedef {{has(token: string): boolean}} Sent */
/** A conflict of a text, and what is known of it. @typedef {{conflict: Conflict, told: Told}} Shown */
/**
 * A choice as it is offered: `kind` gives its colour and its command, `detail` who and when, `hint` the whole.
 * @typedef {'mine' | 'theirs' | 'both' | 'base'} Kind
 * @typedef {{choice: Choice, kind: Kind, title: string, detail: string, hint: string}} Offer
 */
/** @typedef {import('./words.js').Words} Words */

const RECENT = 12 * 60 * 60 * 1000; // milliseconds for which the time of day is enough
const DATED = /^(.+), (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:, version \d+)?$/s;

/**
 * What names a conflict of a text while somebody types in it: its markers, and which of those that are alike it is.
 * @param {string} text
 * @returns {Map<string, Conflict>}
 */
export function namedConflicts(text) {
  const lines = text.split('\n');
  /** @type {Map<string, Conflict>} */
  const found = new Map();
  for (const conflict of conflictsIn(text)) {
    const { first, base, last } = conflict;
    const marks = [lines[first], base === null ? '' : lines[base], lines[last]].join('\n');
    let number = 0;
    while (found.has(`${marks}\n${number}`)) number++;
    found.set(`${marks}\n${number}`, conflict);
  }
  return found;
}

/**
 * The conflicts of a text that are known to be some: others only look like one.
 * @param {string} text
 * @param {ReadonlyMap<string, Told>} known by their names
 * @returns {Shown[]}
 */
export function shownIn(text, known) {
  if (!known.size) return [];
  return [...namedConflicts(text)].flatMap(([name, conflict]) => {
    const told = known.get(name);
    return told ? [{ conflict, told }] : [];
  });
}

/** The lines of all conflicts of a text: when they change, there is something new to be told. @param {string} text */
export function linesInConflict(text) {
  const lines = text.split('\n');
  return conflictsIn(text)
    .map(({ first, last }) => `${first}\n${lines.slice(first, last + 1).join('\n')}`)
    .join('\n');
}

/**
 * Which side is this tab's own; null where nothing tells.
 * @param {Shown} shown
 * @param {Sent} sent
 * @returns {'upper' | 'lower' | null}
 */
export function ownSide({ conflict, told }, sent) {
  const isSent = (/** @type {Authored} */ side) => side.versions.some(token => sent.has(token));
  const isNamed = (/** @type {string} */ label) => {
    const name = nameIn(label);
    return told.named && (DATED.exec(name)?.[1] ?? name) === told.writer;
  };
  const [upper, lower] = conflict.labels;
  for (const [first, second] of [
    [isSent(told.upper), isSent(told.lower)],
    [isNamed(upper), isNamed(lower)]
  ]) {
    if (first !== second) return first ? 'upper' : 'lower';
  }
  return null;
}

/**
 * The choices for a conflict, this tab's own side first where it is known.
 * @param {Shown} shown
 * @param {Sent} sent
 * @param {Words} words
 * @param {number} now in milliseconds
 * @returns {Offer[]}
 */
export function offers(shown, sent, words, now) {
  const { conflict, told } = shown;
  const own = ownSide(shown, sent);
  const order = /** @type {('upper' | 'lower')[]} */ (own === 'lower' ? ['lower', 'upper'] : ['upper', 'lower']);
  const kinds = /** @type {const} */ (['mine', 'theirs']);
  const made = order.map((choice, at) => side(shown, choice, kinds[at], { own, words, now }));
  const [one, other] = made;
  if (one.title === other.title && one.detail === other.detail) {
    for (const each of made) each.title = nameIn(conflict.labels[each.choice === 'upper' ? 0 : 1]); // its number
  }
  if (!conflict.labels.some(isDeleted)) {
    const hint = words.__('Take both, the upper lines first');
    made.push({ choice: 'both', kind: 'both', title: words.__('Both'), detail: '', hint });
  }
  if (told.hasBase) {
    const hint = words.__('Take what was there before both changes');
    made.push({ choice: 'base', kind: 'base', title: words.__('Base'), detail: '', hint });
  }
  return made;
}

/**
 * The choice of one side.
 * @param {Shown} shown
 * @param {'upper' | 'lower'} choice
 * @param {'mine' | 'theirs'} kind
 * @param {{own: 'upper' | 'lower' | null, words: Words, now: number}} page `own`: which side is this tab's
 * @returns {Offer}
 */
function side({ conflict, told }, choice, kind, { own, words, now }) {
  const label = conflict.labels[choice === 'upper' ? 0 : 1];
  const { who, when } = partsOf(label, told[choice].time, words, now);
  const plain = who || (choice === 'upper' ? words.__('First side') : words.__('Second side'));
  const title = own ? (kind === 'mine' ? words.__('Mine') : words.__('Theirs')) : plain;
  const isSaid = own === null || (own === choice && who === told.writer);
  const detail = [isSaid ? '' : who, when].filter(Boolean).join(', ');
  const what = detail ? `${title} (${detail})` : title;
  if (isDeleted(label)) {
    const hint = words.__('Take %1: delete this cell', what);
    return { choice, kind, title: words.__('%1: delete the cell', title), detail, hint };
  }
  const isKept = conflict.labels.some(isDeleted);
  const hint = isKept ? words.__('Take %1: keep this cell', what) : words.__('Take %1', what);
  return { choice, kind, title, detail, hint };
}

/**
 * Who a label names, and when that was saved, by what the server knows or by the label itself.
 * @param {string} label
 * @param {number | null} seconds
 * @param {Words} words
 * @param {number} now in milliseconds
 */
function partsOf(label, seconds, { language }, now) {
  const [, who, date, clock] = DATED.exec(nameIn(label)) ?? ['', nameIn(label), '', ''];
  const then = date ? new Date(`${date}T${clock}`) : seconds === null ? null : new Date(seconds * 1000);
  if (then === null || Number.isNaN(then.getTime())) return { who, when: '' };
  // Seconds only where the label has them, which is where nothing else tells the sides apart.
  /** @type {Intl.DateTimeFormatOptions} */
  const second = date ? { second: '2-digit' } : {};
  const time = then.toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit', ...second });
  const isRecent = Math.abs(now - then.getTime()) < RECENT;
  return { who, when: isRecent ? time : `${then.toLocaleDateString(language)} ${time}` };
}
