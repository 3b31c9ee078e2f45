/**
 * Owns: the lines above a conflict in a cell with which a side is chosen.
 * Must not know: how conflicts come about.
 * Invariant: a choice is an edit of the cell like any other: it can be undone, and is saved when the notebook
 * is; only a base that the markers do not show is asked of nbmerge.
 */

import { chosen, conflictsIn } from './markers.js';

/** @typedef {typeof import('vscode')} VSCode */
/** @typedef {import('./markers.js').Choice} Choice */

const CHOOSE = 'nbmerge.choose';

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
 * @param {import('./markers.js').Conflict} conflict
 * @param {string} writer
 * @returns {[Choice, string][]}
 */
function offered(conflict, writer) {
  const [upper, lower] = conflict.labels;
  const isUpper = ownSide(conflict, writer) === 'upper';
  /** @type {[Choice, string][]} */
  const sides = [
    ['upper', upper],
    ['lower', lower]
  ];
  const [mine, theirs] = isUpper ? sides : [...sides].reverse();
  return [
    [mine[0], titled('Mine', mine[1])],
    [theirs[0], titled('Theirs', theirs[1])],
    ['both', 'Both'],
    ['base', 'Base']
  ];
}

/**
 * Which side is this editor's own, by its label; the upper one where the labels do not tell, as in git's merges.
 * @param {import('./markers.js').Conflict} conflict
 * @param {string} writer the name under which this editor saves
 * @returns {'upper' | 'lower'}
 */
function ownSide({ labels: [upper, lower] }, writer) {
  return lower.startsWith(writer) && !upper.startsWith(writer) ? 'lower' : 'upper';
}

/**
 * @param {string} title
 * @param {string} label
 */
const titled = (title, label) => (label ? `${title} (${label})` : title);

/**
 * @param {VSCode} vscode
 * @param {(cell: import('vscode').NotebookCell) => Promise<void>} bringBase gives a cell the base of its conflicts
 * @returns {import('vscode').Disposable}
 */
export function choosing(vscode, bringBase) {
  return vscode.commands.registerCommand(
    CHOOSE,
    async (/** @type {import('vscode').Uri} */ uri, /** @type {number} */ line, /** @type {Choice} */ choice) => {
      const cell = vscode.workspace.notebookDocuments
        .flatMap(notebook => notebook.getCells())
        .find(one => one.document.uri.toString() === uri.toString());
      const text = cell?.document.getText() ?? '';
      const conflict = conflictsIn(text).find(one => one.first === line);
      if (!cell || !conflict) return;
      const lines = chosen(text, conflict, choice);
      if (lines === null) {
        await bringBase(cell);
        return;
      }
      const edit = new vscode.WorkspaceEdit();
      const { document } = cell;
      const isLast = conflict.last + 1 >= document.lineCount;
      const end = isLast ? document.lineAt(conflict.last).range.end : new vscode.Position(conflict.last + 1, 0);
      const after = isLast || !lines.length ? '' : '\n';
      edit.replace(document.uri, new vscode.Range(new vscode.Position(conflict.first, 0), end), lines.join('\n') + after);
      await vscode.workspace.applyEdit(edit);
    }
  );
}
