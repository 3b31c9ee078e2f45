/**
 * Owns: the lines above a conflict in a cell with which a side is chosen.
 * Must not know: how conflicts come about.
 * Invariant: a choice is an edit of the notebook like any other: it can be undone, and is saved when the notebook
 * is; only a base that the markers do not show is asked of nbmerge.
 */

import { conflictsIn, isDeleted, nameIn, settled } from './markers.js';
import { splices } from './text.js';

/** @typedef {typeof import('vscode')} VSCode */
/** @typedef {import('vscode').NotebookCell} NotebookCell */
/** @typedef {import('./markers.js').Choice} Choice */
/** @typedef {import('./markers.js').Conflict} Conflict */

const CHOOSE = 'nbmerge.choose';
const NUMBER = /version \d+$/; // in a label, of a program that has not said its name

/**
 * @param {VSCode} vscode
 * @returns {import('vscode').CodeLensProvider}
 */
export function conflictLenses(vscode) {
  return {
    provideCodeLenses: document =>
      conflictsIn(document.getText()).flatMap(conflict => {
        const range = new vscode.Range(conflict.first, 0, conflict.first, 0);
        return offered(conflict, vscode.env.appName).map(
          ([choice, title]) =>
            new vscode.CodeLens(range, { title, command: CHOOSE, arguments: [document.uri, conflict.first, choice] })
        );
      })
  };
}

/**
 * What is offered for a conflict, one's own side first; where names do not tell which that is, as of two windows, the
 * sides as they stand.  Where one side has no such cell, there is no "both".
 * @param {Conflict} conflict
 * @param {string} writer the name under which this editor saves
 * @returns {[Choice, string][]}
 */
export function offered(conflict, writer) {
  const [upper, lower] = conflict.labels;
  const own = ownSide(conflict, writer);
  /** @type {[Choice, string][]} */
  const sides = [
    ['upper', own === null ? inFull('Upper', upper) : titled(own === 'upper' ? 'Mine' : 'Theirs', upper)],
    ['lower', own === null ? inFull('Lower', lower) : titled(own === 'lower' ? 'Mine' : 'Theirs', lower)]
  ];
  /** @type {[Choice, string][]} */
  const both = conflict.labels.some(isDeleted) ? [] : [['both', 'Both']];
  return [...(own === 'lower' ? sides.reverse() : sides), ...both, ['base', 'Base']];
}

/**
 * Which side is this editor's own, by its label; the upper one where there are no names to tell by, null where both names
 * are this editor's, or neither is.
 * @param {Conflict} conflict
 * @param {string} writer
 * @returns {'upper' | 'lower' | null}
 */
function ownSide({ labels }, writer) {
  const [upper, lower] = labels.map(nameIn).map(name => name === writer || name.startsWith(`${writer}, `));
  if (upper !== lower) return lower ? 'lower' : 'upper';
  return labels.every(label => named(label)) ? null : 'upper';
}

/** Whose a side is, and since when. @param {string} label */
const named = label => nameIn(label).replace(NUMBER, '').replace(/, $/, '');

/**
 * @param {string} title
 * @param {string} label
 */
function titled(title, label) {
  return whole(title, named(label) || (title === 'Theirs' && label ? 'another program' : ''), label);
}

/**
 * With the number of the version, too: two saves of one second differ by nothing else.
 * @param {string} title
 * @param {string} label
 */
const inFull = (title, label) => whole(title, nameIn(label), label);

/**
 * @param {string} title
 * @param {string} name
 * @param {string} label
 */
function whole(title, name, label) {
  const said = name ? `${title} (${name})` : title;
  return isDeleted(label) ? `${said}: delete the cell` : said;
}

/**
 * @param {VSCode} vscode
 * @param {(cell: NotebookCell) => Promise<void>} bringBase gives a cell the base of its conflicts
 * @returns {import('vscode').Disposable}
 */
export function choosing(vscode, bringBase) {
  return vscode.commands.registerCommand(
    CHOOSE,
    async (/** @type {import('vscode').Uri} */ uri, /** @type {number} */ line, /** @type {Choice} */ choice) => {
      const cell = vscode.workspace.notebookDocuments
        .flatMap(notebook => notebook.getCells())
        .find(one => one.document.uri.toString() === uri.toString());
      const conflict = conflictsIn(cell?.document.getText() ?? '').find(one => one.first === line);
      if (!cell || !conflict) return;
      const edit = settling(vscode, cell, conflict, choice);
      if (edit) await vscode.workspace.applyEdit(edit);
      else await bringBase(cell);
    }
  );
}

/**
 * The edit that settles a conflict; null: what was chosen does not stand in the text.
 * @param {VSCode} vscode
 * @param {NotebookCell} cell
 * @param {Conflict} conflict
 * @param {Choice} choice
 * @returns {import('vscode').WorkspaceEdit | null}
 */
export function settling(vscode, cell, conflict, choice) {
  const edit = new vscode.WorkspaceEdit();
  const side = choice === 'upper' ? conflict.labels[0] : choice === 'lower' ? conflict.labels[1] : '';
  if (isDeleted(side)) {
    const range = new vscode.NotebookRange(cell.index, cell.index + 1);
    edit.set(cell.notebook.uri, [vscode.NotebookEdit.deleteCells(range)]);
    return edit;
  }
  const { document } = cell;
  const now = document.getText();
  const text = settled(now, conflict, choice);
  if (text === null) return null;
  for (const { from, to, text: added } of splices(now, text)) {
    edit.replace(document.uri, new vscode.Range(document.positionAt(from), document.positionAt(to)), added);
  }
  return edit;
}
