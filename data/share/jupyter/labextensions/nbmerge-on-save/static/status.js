/**
 * Owns: the note that says what came into a notebook from others: its words, and where it stands.
 * Must not know: how it came.
 * Invariant: the note is plain text in the colours of the theme.
 */

/** @typedef {import('./replica.js').Came} Came */
/** @typedef {import('./replica.js').SaveAnswer} SaveAnswer */
/** @typedef {import('./replica.js').PullAnswer} PullAnswer */
/** @typedef {import('@lumino/widgets').Widget} Widget */

const SHOWN = 60_000; // milliseconds

/** @param {number} count @param {string} word */
const counted = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`;

/**
 * What came, in words: "2 cells from another tab, 1 line from a program".
 * @param {Came[]} came
 */
const words = came =>
  came
    .map(({ writer, cells, lines }) => {
      const what = cells === 1 && lines ? counted(lines, 'line') : counted(cells, 'cell');
      return `${what} from ${writer}`;
    })
    .join(', ');

/**
 * What an answer means to people; "" if nothing.
 * @param {SaveAnswer | PullAnswer} answer
 */
function note(answer) {
  const said = [];
  if ('conflicts' in answer && answer.conflicts.length && answer.operations.length) {
    said.push(counted(answer.conflicts.length, 'conflict'));
  }
  if (answer.operations.length) said.push(words(answer.came));
  if ('held' in answer && answer.held.length) {
    said.push(`${counted(answer.held.length, 'cell')} changed here and elsewhere: merged when you save`);
  }
  return said.filter(Boolean).join('; ');
}

/** The note, which goes away after a while. */
export class StatusNote {
  /** @param {typeof import('@lumino/widgets').Widget} WidgetClass */
  constructor(WidgetClass) {
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
    const said = note(answer);
    if (!said) return;
    const { node } = this.widget;
    node.textContent = said;
    node.title = `nbmerge, ${new Date().toLocaleTimeString()}, ${path}: ${said}`;
    clearTimeout(this._timer);
    this._timer = window.setTimeout(() => {
      node.textContent = '';
      node.title = '';
    }, SHOWN);
  }
}
