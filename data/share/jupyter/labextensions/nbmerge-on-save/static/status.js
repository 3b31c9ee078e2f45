/**
 * Owns: the note that says what came into a notebook from others: its words, and where it stands.
 * Must not know: how it came.
 * Invariant: the note is plain text in the colours of the theme.
 */

/** @typedef {import('./replica.js').Came} Came */
/** @typedef {import('./replica.js').SaveAnswer} SaveAnswer */
/** @typedef {import('./replica.js').PullAnswer} PullAnswer */
/** @typedef {import('./words.js').Words} Words */
/** @typedef {import('@lumino/widgets').Widget} Widget */

const SHOWN = 60_000; // milliseconds

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
    const one = '%1 cell changed here and elsewhere: merged when you save';
    const many = '%1 cells changed here and elsewhere: merged when you save';
    said.push(words._n(one, many, answer.held.length));
  }
  return said.filter(Boolean).join('; ');
}

/** The note, which goes away after a while. */
export class StatusNote {
  /**
   * @param {typeof import('@lumino/widgets').Widget} WidgetClass
   * @param {Words} words
   */
  constructor(WidgetClass, words) {
    this._words = words;
    this.widget = new WidgetClass();
    this.widget.addClass('nbmerge-status');
    const { node } = this.widget;
    node.setAttribute('role', 'status');
    node.style.cssText =
      'color: var(--jp-ui-font-color1); font-size: var(--jp-ui-font-size1); padding: 0 8px; ' +
      'line-height: 24px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; max-width: 35vw';
    this._timer = 0;
  }

  /**
   * @param {string} path
   * @param {SaveAnswer | PullAnswer} answer
   */
  tell(path, answer) {
    const said = note(this._words, answer);
    if (!said) return;
    const { node } = this.widget;
    node.textContent = said;
    node.title = `nbmerge, ${new Date().toLocaleTimeString(this._words.language)}, ${path}: ${said}`;
    clearTimeout(this._timer);
    this._timer = window.setTimeout(() => {
      node.textContent = '';
      node.title = '';
    }, SHOWN);
  }
}
