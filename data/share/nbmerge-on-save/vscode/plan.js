/**
 * Owns: what has to be done to the cells of an open notebook so that it becomes what operations make of it.
 * Must not know: VS Code's API, servers.  Runs under node.
 * Invariant: a cell that no operation names is not touched; one of which only the source changed keeps its
 * editor.  A cell that runs gets its new source, which no run minds, and for the rest the run goes before what others did
 * to that cell: it is never made anew, moved or taken out, which would end its run.  To leave it alone altogether and
 * bring in the rest would leave a notebook that comes from no version.
 */

import { joined, outcome, sameJson } from './notebooks.js';
import { resting } from './order.js';
import { splices } from './text.js';

/** @typedef {import('./notebooks.js').Json} Json */
/** @typedef {import('./notebooks.js').Operation} Operation */
/** @typedef {import('./notebooks.js').Entry} Entry */
/** @typedef {import('./text.js').Splice} Splice */
/**
 * All places count before anything is done; what is inserted at one place keeps its order.
 * `texts`: new text in cells that stay; `metadata`: other metadata, as the cell that is to be; `replaced`: cells
 * to be made anew where they are; `inserted`: new and moved cells; `deleted`: places, ascending.
 * `frame`: the notebook without its cells, if that changed.
 * @typedef {object} Plan
 * @property {{place: number, splices: Splice[]}[]} texts
 * @property {{place: number, cell: Json}[]} metadata
 * @property {{place: number, cell: Json}[]} replaced
 * @property {{place: number, cell: Json}[]} inserted
 * @property {number[]} deleted
 * @property {Json | null} frame
 */

/**
 * @param {Json} notebook what the operations are meant for
 * @param {Operation[]} operations
 * @param {number[]} running the places of cells that are running
 * @param {number[]} kept the places of cells that are not to be moved if others can be, the most important first
 * @returns {Plan}
 */
export function planned(notebook, operations, running = [], kept = []) {
  const isRunning = new Set(running);
  const cells = /** @type {Json[]} */ (notebook.cells);
  const made = outcome(notebook, operations);
  const moved = movedCells(made.cells, [...running, ...kept]);
  /** @type {Plan} */
  const plan = { texts: [], metadata: [], replaced: [], inserted: [], deleted: [], frame: null };
  const { cells: _cells, ...frame } = notebook;
  if (!sameJson(frame, made.frame)) plan.frame = made.frame;
  const staying = new Set(made.cells.map(one => one.origin).filter(origin => origin >= 0 && !moved.has(origin)));
  for (const place of cells.keys()) {
    if (staying.has(place)) continue;
    if (isRunning.has(place)) staying.add(place); // a moved one is not inserted a second time
    else plan.deleted.push(place);
  }
  let at = 0;
  for (const { origin, value } of made.cells) {
    if (!staying.has(origin)) {
      plan.inserted.push({ place: at, cell: value });
      continue;
    }
    if (!moved.has(origin)) at = origin + 1;
    if (isRunning.has(origin)) rewritten(plan, cells[origin], value, origin);
    else changed(plan, cells[origin], value, origin);
  }
  return plan;
}

/**
 * What changed in a cell that stays.
 * @param {Plan} plan
 * @param {Json} old
 * @param {Json} now
 * @param {number} place
 */
function changed(plan, old, now, place) {
  if (old === now || sameJson(old, now)) return;
  const differs = new Set([...Object.keys(old), ...Object.keys(now)].filter(key => !sameJson(old[key], now[key])));
  if (['cell_type', 'outputs', 'execution_count'].some(key => differs.has(key))) {
    plan.replaced.push({ place, cell: now });
    return;
  }
  rewritten(plan, old, now, place);
  differs.delete('source');
  if (differs.size) plan.metadata.push({ place, cell: now });
}

/**
 * Its source alone.
 * @param {Plan} plan
 * @param {Json} old
 * @param {Json} now
 * @param {number} place
 */
function rewritten(plan, old, now, place) {
  const found = splices(joined(old.source), joined(now.source));
  if (found.length) plan.texts.push({ place, splices: found });
}

/**
 * The places of cells that have to be taken out and put in again to come into their new order: as few as
 * possible, and of the kept ones none if that can be.
 * @param {Entry[]} made
 * @param {number[]} kept
 * @returns {Set<number>}
 */
function movedCells(made, kept) {
  const order = made.map(one => one.origin).filter(origin => origin >= 0);
  const staying = resting(
    [...order].sort((a, b) => a - b),
    order,
    kept.filter(place => order.includes(place))
  );
  return new Set(order.filter(origin => !staying.has(origin)));
}
