/**
 * Owns: carrying out a choice for a conflict in an open notebook.
 * Must not know: servers, editors, how conflicts are shown; of Jupyter only the shared model.  Runs under node.
 * Invariant: a choice is one change that Ctrl-Z takes back, results and all; nothing that was typed meanwhile is
 * changed by it: then only the text between the markers is.
 */

import { conflictsIn, settled } from './markers.js';
import { namedConflicts } from './conflict-words.js';
import { outcome, outputsInOnePiece, sameJson } from './notebooks.js';
import { splices } from './text.js';

/** @typedef {import('@jupyter/ydoc').ISharedNotebook} SharedNotebook */
/** @typedef {import('@jupyter/ydoc').ISharedCell} SharedCell */
/** @typedef {import('./markers.js').Choice} Choice */
/** @typedef {import('./notebooks.js').Json} Json */
/** @typedef {import('./notebooks.js').Operation} Operation */

/** What the server calls the choices. */
export const NAMES = { upper: 'local', lower: 'remote', both: 'both', base: 'base' };

/**
 * A copy of which only cells with conflicts have their outputs: nobody asks for those of the others.
 * @param {Json} content
 * @param {(source: string) => boolean} isAsked
 * @returns {Json}
 */
export const inShort = (content, isAsked) => ({
  ...content,
  cells: /** @type {Json[]} */ (content.cells).map(cell =>
    cell.outputs?.length && !isAsked(cell.source) ? { ...cell, outputs: [] } : cell
  )
});

/**
 * Carry out what the server made of a choice in a copy; null where it made nothing, since it was not there: then
 * what stands between the markers is taken.
 * @param {SharedNotebook} shared
 * @param {SharedCell} cell
 * @param {{content: Json, place: number, line: number, choice: Choice}} asked what it was asked
 * @param {Operation[] | null} operations
 * @param {() => void} trusting says whether results that come are trusted; JupyterLab makes those anew that are there
 * @returns {'done' | 'deleted' | 'nothing'}
 */
export function carryOut(shared, cell, asked, operations, trusting = () => undefined) {
  if (!shared.cells.includes(cell)) return 'nothing';
  const was = /** @type {string} */ (asked.content.cells[asked.place].source);
  const now = cell.getSource();
  if (!operations || now !== was) {
    const text = settledIn(was, now, asked.line, asked.choice);
    if (text === null) return 'nothing';
    atOnce(cell, () => cell.transact(() => setSource(cell, text)));
    return 'done';
  }
  const made = outcome(asked.content, operations).cells.find(one => one.origin === asked.place);
  if (!made) {
    shared.transact(() => shared.deleteCell(shared.cells.indexOf(cell)));
    return 'deleted';
  }
  become(cell, asked.content.cells[asked.place], made.value, trusting);
  return 'done';
}

/**
 * The text of now with the conflict settled that stood in a line of what it was.
 * @param {string} was
 * @param {string} now
 * @param {number} line
 * @param {Choice} choice
 */
function settledIn(was, now, line, choice) {
  const name = [...namedConflicts(was)].find(([, conflict]) => conflict.first === line)?.[0] ?? '';
  const conflict = was === now ? conflictsIn(now).find(one => one.first === line) : namedConflicts(now).get(name);
  return conflict ? settled(now, conflict, choice) : null;
}

/**
 * @param {SharedCell} cell
 * @param {Json} was
 * @param {Json} value
 * @param {() => void} trusting
 */
function become(cell, was, value, trusting) {
  const any = /** @type {any} */ (cell); // what only some types of cells have
  const hasOthers = !sameJson(was.outputs ?? [], value.outputs ?? []);
  const count = value.execution_count ?? null;
  atOnce(cell, () => {
    cell.transact(() => {
      setSource(cell, value.source);
      if (hasOthers) any.setOutputs?.([]);
      if ((was.execution_count ?? null) !== count) any.execution_count = count;
      if (!sameJson(was.metadata, value.metadata)) setMetadata(cell, was.metadata ?? {}, value.metadata ?? {});
      if (!sameJson(was.attachments, value.attachments)) any.setAttachments?.(value.attachments);
    });
    if (!hasOthers || !value.outputs?.length) return;
    trusting();
    // In one transaction with the old ones JupyterLab would append a stream to the one before it.
    cell.transact(() => any.setOutputs?.(outputsInOnePiece(value.outputs)));
  });
}

/**
 * One change for Ctrl-Z, apart from what was typed before it and comes after it.
 * @param {SharedCell} cell
 * @param {() => void} work
 */
function atOnce(cell, work) {
  const { undoManager } = /** @type {any} */ (cell);
  undoManager?.stopCapturing();
  work();
  undoManager?.stopCapturing();
}

/** @param {SharedCell} cell @param {string} text */
function setSource(cell, text) {
  for (const { from, to, text: added } of splices(cell.getSource(), text).reverse()) cell.updateSource(from, to, added);
}

/**
 * `trusted` is no part of a notebook.
 * @param {SharedCell} cell
 * @param {Json} was
 * @param {Json} value
 */
function setMetadata(cell, was, value) {
  for (const key of new Set([...Object.keys(was), ...Object.keys(value)])) {
    if (key === 'trusted' || sameJson(was[key], value[key])) continue;
    if (key in value) cell.setMetadata(key, value[key]);
    else cell.deleteMetadata(key);
  }
}
