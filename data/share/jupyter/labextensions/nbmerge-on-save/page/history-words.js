/**
 * Owns: how a version is told in words: when it came, how, by whom, and what it changed.
 * Must not know: how it is shown.  Runs under node.
 * Invariant: what is said is what `nbmerge log` says, in the language of the page; names that people and programs
 * have given themselves are said as they are.
 */

/** @typedef {import('./words.js').Words} Words */
/**
 * @typedef {object} Changes
 * @property {number[]} added
 * @property {number[]} removed
 * @property {{cell: number, lines: number}[]} lines
 * @property {number[]} ran
 * @property {number[]} cleared
 * @property {number[]} moved
 * @property {number[]} other
 */
/**
 * A row of the history: a version, or several saves that are told as one.
 * @typedef {object} Row
 * @property {number} version
 * @property {number} first
 * @property {string} time
 * @property {string} began
 * @property {number} saves
 * @property {string} origin
 * @property {number[]} parents
 * @property {string} writer
 * @property {boolean} head
 * @property {boolean} open
 * @property {Changes | null} changes
 * @property {number | null} cells
 */
/**
 * What is lost, which stood last in a cell of the version `last`; `gone` is the first one without it.
 * @typedef {object} Lost
 * @property {string} kind
 * @property {number} last
 * @property {number} cell
 * @property {string} text the beginning of it
 * @property {number} lines how many it has
 * @property {number | null} gone
 * @property {string | null} time
 * @property {string | null} writer
 */

const NAMED = 2; // cells; of more only the number is told

/** @param {Words} words @param {number[]} numbers */
function cells(words, numbers) {
  if (numbers.length > NAMED) return words._n('%1 cell', '%1 cells', numbers.length);
  if (numbers.length === 1) return words.__('cell %1', numbers[0]);
  return words.__('cells %1 and %2', numbers[0], numbers[1]);
}

/** @param {Words} words @param {number[]} numbers */
function added(words, numbers) {
  const count = numbers.length;
  const first = numbers[0];
  if (numbers[count - 1] - first + 1 !== count) return words._n('+%1 cell', '+%1 cells', count);
  if (first === 1) return words._n('+%1 cell at the top', '+%1 cells at the top', count);
  return words._n('+%1 cell after %2', '+%1 cells after %2', count, first - 1);
}

/**
 * What changed: "+1 cell after 3, 2 lines in cell 5".
 * @param {Words} words
 * @param {Row} row
 */
export function changed(words, row) {
  const { changes } = row;
  if (!changes) {
    return row.cells === null ? words.__('is no notebook') : words._n('%1 cell', '%1 cells', row.cells);
  }
  const said = [];
  if (changes.added.length) said.push(added(words, changes.added));
  if (changes.removed.length) said.push(words._n('-%1 cell', '-%1 cells', changes.removed.length));
  if (changes.lines.length) {
    const count = changes.lines.reduce((sum, one) => sum + one.lines, 0);
    const where = cells(
      words,
      changes.lines.map(one => one.cell)
    );
    said.push(words._n('%1 line in %2', '%1 lines in %2', count, where));
  }
  if (changes.ran.length) said.push(words.__('ran %1', cells(words, changes.ran)));
  if (changes.cleared.length) said.push(words.__('cleared %1', cells(words, changes.cleared)));
  if (changes.moved.length) said.push(words.__('moved %1', cells(words, changes.moved)));
  if (changes.other.length) said.push(words.__('metadata of %1', cells(words, changes.other)));
  return said.join(', ') || words.__('the same cells');
}

/**
 * How a row came: "12 saves in 11 min", "restored".
 * @param {Words} words
 * @param {Row} row
 */
export function came(words, row) {
  if (row.saves > 1) {
    const lasted = lasting(words, (Date.parse(row.time) - Date.parse(row.began)) / 1000);
    return words._n('%1 save in %2', '%1 saves in %2', row.saves, lasted);
  }
  const from = row.parents.map(parent => `@${parent}`);
  switch (row.origin) {
    case 'merged':
      return from.length > 1
        ? words.__('merged from %1 and %2', from.slice(0, -1).join(', '), from[from.length - 1])
        : words.__('merged');
    case 'restored':
      return words.__('restored');
    case 'first seen':
      return words.__('first seen');
    case 'conflict copy':
      return words.__('conflict copy');
    case 'unreadable':
      return words.__('unreadable');
  }
  return '';
}

/** @param {Words} words @param {number} seconds */
function lasting(words, seconds) {
  if (seconds < 100) return words.__('%1 s', Math.round(seconds));
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return words.__('%1 min', minutes);
  return words.__('%1 h %2 min', Math.floor(minutes / 60), minutes % 60);
}

/**
 * The day of a time: "Today", "Yesterday", or its date.
 * @param {Words} words
 * @param {string} time
 * @param {Date} now
 */
export function day(words, time, now) {
  const that = new Date(time);
  const days = Math.round((midnight(now) - midnight(that)) / 86_400_000);
  if (days === 0) return words.__('Today');
  if (days === 1) return words.__('Yesterday');
  /** @type {Intl.DateTimeFormatOptions} */
  const long = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' };
  return that.toLocaleDateString(words.language, long);
}

/** @param {Date} time */
const midnight = time => new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();

/** @param {Words} words @param {string} time */
export const clock = (words, time) =>
  new Date(time).toLocaleTimeString(words.language, { hour: '2-digit', minute: '2-digit' });

/** @param {Words} words @param {string} time */
export const whole = (words, time) =>
  new Date(time).toLocaleString(words.language, { dateStyle: 'medium', timeStyle: 'medium' });

/**
 * What is lost: "cell 3", "2 lines of cell 3".
 * @param {Words} words
 * @param {Lost} lost
 */
export function missing(words, lost) {
  switch (lost.kind) {
    case 'cell':
      return words.__('Cell %1', lost.cell);
    case 'lines':
      return words._n('%1 line of cell %2', '%1 lines of cell %2', lost.lines, lost.cell);
  }
  return words.__('The result of cell %1', lost.cell);
}

/**
 * What a cell is: "code [3]", or "markdown, now code [1]".
 * @param {Words} words
 * @param {import('./history-model.js').ComparedCell} cell
 */
export function kind(words, { kinds, counts }) {
  // A server that has not been started anew since nbmerge was updated says it itself.
  if (typeof kinds === 'string') return kinds;
  const names = /** @type {Record<string, string>} */ ({
    code: words.__('code'),
    markdown: words.__('markdown'),
    raw: words.__('raw')
  });
  /** @param {string[]} found */
  const then = ([old, now]) => (now === undefined ? (old ?? '') : words.__('%1, now %2', old, now));
  return [then(kinds.map(one => names[one] ?? one)), then(counts)].filter(Boolean).join(' ');
}
