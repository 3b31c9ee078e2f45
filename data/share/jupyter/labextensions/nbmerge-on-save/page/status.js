/**
 * Owns: what nbmerge has in the status bar, and the note there that says what came into a notebook from others.
 * Must not know: how it came.
 * Invariant: what is said is plain text in the colours of the theme; without a status bar it stands at the top.
 */

import { bringStyle, legible } from './elements.js';

/** @typedef {import('./plugin.js').Page} Page */
/** @typedef {import('./replica.js').Came} Came */
/** @typedef {import('./replica.js').SaveAnswer} SaveAnswer */
/** @typedef {import('./replica.js').PullAnswer} PullAnswer */
/** @typedef {import('./words.js').Words} Words */

const SHOWN = 60_000; // milliseconds
const [IN_BAR, ON_TOP] = [20, 10_000]; // ranks

/**
 * Put a widget into the status bar; Notebook has none: there at the top.
 * @param {Page} page
 * @param {import('@lumino/widgets').Widget} widget
 * @param {string} name
 * @param {number} place among those of nbmerge
 */
export function putInStatus({ app, bar }, widget, name, place) {
  if (bar) {
    const priority = 1 + place; // what has one stays in a narrow window
    const rank = IN_BAR + place;
    bar.registerStatusItem(`nbmerge-on-save:${name}`, { item: widget, align: 'left', rank, priority });
  } else {
    widget.id = `nbmerge-on-save-${name}`;
    app.shell.add(widget, 'top', { rank: ON_TOP + place });
  }
}

/**
 * What came, in words: "2 cells from another tab, 1 line from a program".
 * @param {Words} words
 * @param {Came[]} came
 */
const brought = (words, came) =>
  came
    .map(({ writer, cells, lines }) =>
      cells === 1 && lines
        ? words._n('%1 line from %2', '%1 lines from %2', lines, writer)
        : words._n('%1 cell from %2', '%1 cells from %2', cells, writer)
    )
    .join(', ');

/**
 * What an answer means to people; "" if nothing.
 * @param {Words} words
 * @param {SaveAnswer | PullAnswer} answer
 */
function note(words, answer) {
  const said = [];
  if ('away' in answer && answer.away) said.push(answer.away);
  if ('conflicts' in answer && answer.conflicts.length && answer.operations.length) {
    said.push(words._n('%1 conflict', '%1 conflicts', answer.conflicts.length));
  }
  if (answer.operations.length) said.push(brought(words, answer.came));
  if ('held' in answer && answer.held.length) {
    const count = answer.held.length;
    said.push(
      words._n(
        '%1 cell changed here and elsewhere: merged when you save',
        '%1 cells changed here and elsewhere: merged when you save',
        count
      )
    );
  }
  return said.filter(Boolean).join('; ');
}

/** The note, which goes away after a while. */
export class StatusNote {
  /** @param {Page} page */
  constructor(page) {
    this._words = page.words;
    this._widget = new page.Widget();
    this._widget.addClass('nbmerge-status');
    this._widget.node.setAttribute('role', 'status');
    this._timer = 0;
    bringStyle('status.css');
    putInStatus(page, this._widget, 'came', 0);
    page.provider.listen({ told: ({ path }, answer) => this.say(note(this._words, answer), path) });
  }

  /** @param {string} said "": nothing @param {string} [path] of the notebook that it is about */
  say(said, path = '') {
    if (!said) return;
    const { node } = this._widget;
    const about = ['nbmerge', new Date().toLocaleTimeString(this._words.language), path].filter(Boolean).join(', ');
    node.textContent = legible(said);
    node.title = legible(`${about}: ${said}`);
    clearTimeout(this._timer);
    this._timer = window.setTimeout(() => {
      node.textContent = '';
      node.title = '';
    }, SHOWN);
  }
}
