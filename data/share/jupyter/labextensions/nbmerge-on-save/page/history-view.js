/**
 * Owns: how the versions of a notebook and its doubts are shown in the panel.
 * Must not know: where they come from, what is done when a button is pressed.
 * Invariant: each row is a button that says when, who and what; what was focused before it was shown anew still is.
 */

import { button, element } from './elements.js';
import { came, changed, clock, day, whole } from './history-words.js';

/** @typedef {import('./words.js').Words} Words */
/** @typedef {import('./history-model.js').History} History */
/** @typedef {import('./history-model.js').Doubt} Doubt */
/** @typedef {import('./history-words.js').Row} Row */
/**
 * @typedef {object} Actions
 * @property {(row: Row) => void} show
 * @property {(row: Row) => void} unfold
 * @property {() => void} older
 * @property {() => void} merge
 * @property {(row: Row) => void} dismiss
 */

/**
 * The rows, under the days on which they came.
 * @param {Words} words
 * @param {History} history
 * @param {Actions} actions
 * @returns {HTMLElement[]}
 */
export function versions(words, history, actions) {
  if (history.error) return [note(history.error)];
  if (!history.isKnown) return [note(words.__('Looking …'))];
  if (!history.rows.length) return [note(words.__('No version holds these words.'))];
  const now = new Date();
  /** @type {HTMLElement[]} */
  const shown = [];
  let last = '';
  /** @type {HTMLElement | null} */
  let list = null;
  for (const row of history.rows) {
    const that = day(words, row.time, now);
    if (that !== last || !list) {
      last = that;
      list = element('ul');
      shown.push(element('h3', {}, that), list);
    }
    list.append(version(words, row, history.each.get(row.first), actions));
  }
  if (history.older) {
    shown.push(button(words.__('Older …'), actions.older, { class: 'nbmerge-older', 'data-key': 'older' }));
  }
  return shown;
}

/**
 * @param {Words} words
 * @param {Row} row
 * @param {Row[] | undefined} each
 * @param {Actions} actions
 */
function version(words, row, each, actions) {
  const shown = element('li', {}, rowButton(words, row, actions, `row-${row.first}-${row.version}`));
  if (row.saves > 1) {
    const isOpen = each !== undefined;
    const text = isOpen ? words.__('Fewer') : words.__('Each save');
    const name = words.__('Each save from @%1 to @%2', row.first, row.version);
    const fold = button(text, () => actions.unfold(row), {
      'aria-expanded': String(isOpen),
      'data-key': `fold-${row.first}`,
      class: 'nbmerge-fold',
      name
    });
    shown.append(fold);
    if (each) {
      const saves = each.map(save => element('li', {}, rowButton(words, save, actions, `save-${save.version}`)));
      shown.append(element('ul', { class: 'nbmerge-each' }, ...saves));
    }
  }
  return shown;
}

/**
 * @param {Words} words
 * @param {Row} row
 * @param {Actions} actions
 * @param {string} key
 */
function rowButton(words, row, actions, key) {
  const made = button('', () => actions.show(row), { 'data-key': key, class: 'nbmerge-row' });
  const how = came(words, row);
  made.append(
    element(
      'span',
      { class: 'nbmerge-when' },
      element('time', { datetime: row.time, title: whole(words, row.time) }, times(words, row)),
      element('span', { class: 'nbmerge-number' }, row.saves > 1 ? `@${row.first}–@${row.version}` : `@${row.version}`),
      row.head && element('span', { class: 'nbmerge-mark' }, words.__('now')),
      row.open && element('span', { class: 'nbmerge-mark nbmerge-doubted' }, words.__('overwritten?'))
    ),
    element('span', { class: 'nbmerge-what' }, changed(words, row)),
    element('span', { class: 'nbmerge-who' }, [how, row.writer].filter(Boolean).join(' · ') || words.__('saved'))
  );
  return made;
}

/** @param {Words} words @param {Row} row */
function times(words, row) {
  const [first, last] = [clock(words, row.began), clock(words, row.time)];
  return row.saves > 1 && first !== last ? `${first} – ${last}` : last;
}

/**
 * What may have been overwritten.
 * @param {Words} words
 * @param {Doubt[]} doubts
 * @param {Actions} actions
 * @returns {HTMLElement[]}
 */
export function doubtful(words, doubts, actions) {
  if (!doubts.length) return [];
  const title = words._n('%1 save may have been overwritten', '%1 saves may have been overwritten', doubts.length);
  const items = doubts.map(doubt => element('li', {}, ...doubted(words, doubt, actions)));
  const all = words._n('Merge', 'Merge all', doubts.length);
  const merge = button(all, actions.merge, {
    class: 'nbmerge-main',
    'data-key': 'merge',
    name: words.__('Merge what may have been overwritten into the notebook')
  });
  return [element('h3', {}, title), element('ul', {}, ...items), merge];
}

/**
 * @param {Words} words
 * @param {Doubt} doubt
 * @param {Actions} actions
 */
function doubted(words, { version, by }, actions) {
  const name = `@${version.version}`;
  return [
    element(
      'p',
      {},
      words.__('%1, %2: %3', name, whole(words, version.time), changed(words, version)),
      version.writer && element('span', { class: 'nbmerge-who' }, ` · ${version.writer}`)
    ),
    element(
      'p',
      { class: 'nbmerge-who' },
      words.__(
        'Then @%1 was saved by %2, perhaps without having seen it.',
        by.version,
        by.writer || words.__('a program')
      )
    ),
    button(words.__('Look'), () => actions.show(version), {
      'data-key': `look-${version.version}`,
      name: words.__('Look at %1', name)
    }),
    button(words.__('Dismiss'), () => actions.dismiss(version), {
      'data-key': `dismiss-${version.version}`,
      name: words.__('Dismiss %1: what came after it was meant', name)
    })
  ];
}

/** @param {string} text */
export const note = text => element('p', { class: 'nbmerge-note' }, text);

/**
 * Show elements in a place, in the place of others; what had the focus there has it again.
 * @param {HTMLElement} place
 * @param {HTMLElement[]} shown
 */
export function showIn(place, shown) {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  const key = place.contains(focused) && focused?.dataset.key;
  place.replaceChildren(...shown);
  if (!key) return;
  const same = /** @type {HTMLElement | null} */ (place.querySelector(`[data-key="${CSS.escape(key)}"]`));
  (same ?? place).focus({ preventScroll: true });
}
