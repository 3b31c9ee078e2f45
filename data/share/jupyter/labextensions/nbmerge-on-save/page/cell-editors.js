/**
 * Owns: the editors of a notebook's cells: the page's own CodeMirror, the view in a cell, going to a cell.
 * Must not know: what is shown there and why.
 * Invariant: nothing that is folded away is unfolded but where that is asked for, since JupyterLab keeps it in the
 * notebook; going to a cell ends, also where JupyterLab does not say that it has, and who has gone on meanwhile is not
 * brought back.
 */

/** @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel */
/** @typedef {NotebookPanel['content']['widgets'][number]} Cell */
/** @typedef {import('@codemirror/view').EditorView} View */
/** @typedef {{state: typeof import('@codemirror/state'), view: typeof import('@codemirror/view')}} CodeMirror */

const MAKING = 30_000; // milliseconds for which it is waited that a cell is made
const SCROLLING = 500; // and that it is scrolled to

/**
 * The CodeMirror of the page's editors, of which no other copy would do.
 * @param {import('./plugin.js').Shared} shared
 * @returns {Promise<CodeMirror>}
 */
export async function codeMirrorIn(shared) {
  const [state, view] = [await shared('@codemirror/state'), await shared('@codemirror/view')];
  if (!state || !view?.layer) throw new Error('the editors of this page are not shared');
  return { state, view };
}

/** The view in a cell; null: it has none yet. @param {Cell} cell @returns {View | null} */
export const viewIn = cell => /** @type {any} */ (cell.editor)?.editor ?? null;

/**
 * Unfold what a cell is folded away by; newer JupyterLabs show it only a little later.
 * @param {NotebookPanel['content']} content
 * @param {number} place
 */
function unfold(content, place) {
  const cell = content.widgets[place];
  for (let before = place; before >= 0; before--) {
    const heading = /** @type {any} */ (content.widgets[before]); // under a closed heading the cell is not to be seen
    if (cell.isHidden && heading.headingCollapsed) heading.headingCollapsed = false;
  }
  cell.inputHidden = false;
}

/**
 * Choose a cell and scroll to it; where it is folded away under a heading, unfold it or go to the heading.
 * @param {NotebookPanel} panel
 * @param {number} place
 * @param {boolean} unfolds
 * @returns {Promise<View | null>} its view once it is seen; null: it is folded away, or by then somebody has gone on
 */
export async function goToCell({ content }, place, unfolds) {
  const wanted = content.widgets[place];
  let seen = place;
  if (unfolds) unfold(content, place);
  else while (seen > 0 && content.widgets[seen].isHidden) seen--;
  const cell = content.widgets[seen];
  content.mode = 'command';
  content.activeCellIndex = seen;
  content.deselectAll();
  // A cell that is far away may not be made yet, and JupyterLab does not always say that it has scrolled.
  const scrolled = content.scrollToItem(seen, 'smart').catch(() => undefined);
  await Promise.race([cell.ready, paused(MAKING)]);
  await Promise.race([scrolled, paused(SCROLLING)]);
  return content.activeCell === wanted && !wanted.inputHidden ? viewIn(wanted) : null;
}

/** @param {number} milliseconds */
const paused = milliseconds => new Promise(done => setTimeout(done, milliseconds));
