/**
 * Owns: how what is lost is shown in the panel.
 * Must not know: how it is found and put back.
 * Invariant: what was lost is shown as text, and is never wider than the panel.
 */

import { button, element } from './elements.js';
import { missing, whole } from './history-words.js';
import { note } from './history-view.js';

/** @typedef {import('./words.js').Words} Words */
/** @typedef {import('./history-model.js').History} History */
/** @typedef {import('./history-words.js').Lost} Lost */

const LINES = 6; // in sight

/**
 * @param {Words} words
 * @param {History} history
 * @param {(lost: Lost) => void} putBack
 * @returns {HTMLElement[]}
 */
export function lostThings(words, history, putBack) {
  if (history.error) return [note(history.error)];
  if (!history.lost) return [note(words.__('Looking …'))];
  if (!history.lost.length) {
    const nothing = words.__('Nothing is lost: all that was ever saved is in the notebook.');
    return [note(history.lostWords ? words.__('Nothing that is lost holds these words.') : nothing)];
  }
  const list = element('ul', {}, ...history.lost.map(one => element('li', {}, ...thing(words, one, putBack))));
  const more = history.lostMore;
  return more ? [list, note(words._n('and %1 more', 'and %1 more', more))] : [list];
}

/**
 * @param {Words} words
 * @param {Lost} lost
 * @param {(lost: Lost) => void} putBack
 */
function thing(words, lost, putBack) {
  const what = missing(words, lost);
  const lines = lost.text.split('\n');
  const shown = lines.slice(0, LINES).join('\n') + (lost.lines > LINES ? '\n…' : '');
  const gone =
    lost.gone === null || lost.time === null
      ? words.__('went since the last version')
      : words.__('went with @%1, %2', lost.gone, whole(words, lost.time));
  return [
    element('p', {}, element('b', {}, what), element('span', { class: 'nbmerge-who' }, ` · ${gone}`)),
    lost.writer ? element('p', { class: 'nbmerge-who' }, lost.writer) : null,
    element('pre', { title: lost.lines > LINES ? lost.text : null }, shown),
    button(words.__('Put back'), () => putBack(lost), {
      'data-key': `lost-${lost.last}-${lost.cell}-${lost.kind}`,
      name: words.__('Put back: %1 of version @%2', what, lost.last)
    })
  ];
}
