/**
 * Owns: which cells of a notebook are running.
 * Must not know: kernels, merging.
 * Invariant: a cell counts as running from the moment in which its run starts until VS Code says how it ended,
 * or the cell is gone; a count that stands in a file is no run.  VS Code has no word for it that extensions can
 * ask for, so it is told by the changes of the summary: a run that has begun has no result yet.
 */

/** @typedef {import('vscode').NotebookCell} NotebookCell */

export class Running {
  constructor() {
    /** @type {Set<NotebookCell>} */
    this._cells = new Set();
  }

  /** @returns {NotebookCell[]} */
  get cells() {
    return [...this._cells];
  }

  /**
   * A notebook has changed.
   * @param {Pick<import('vscode').NotebookDocumentChangeEvent, 'cellChanges' | 'contentChanges'>} event
   */
  changed({ cellChanges, contentChanges }) {
    for (const { cell, executionSummary } of cellChanges) {
      if (executionSummary === undefined) continue;
      if (executionSummary.success === undefined && executionSummary.timing?.endTime === undefined) {
        this._cells.add(cell);
      } else this._cells.delete(cell);
    }
    for (const { removedCells } of contentChanges) for (const cell of removedCells) this._cells.delete(cell);
  }
}
