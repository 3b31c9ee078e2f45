/**
 * Owns: bringing the changes of an answer into an open notebook, in place.
 * Must not know: servers, tokens, widgets; of Jupyter only the shared model.
 * Invariant: all of an answer is brought in, or nothing; nothing that was typed since the copy was sent is
 * taken back; cells that did not change keep their editors, and what is brought in is not in the undo
 * history.
 */

import {
  asNotebook,
  attachmentsInOnePiece,
  inOnePiece,
  joined,
  outcome,
  outputsInOnePiece,
  sameJson
} from './notebooks.js';
import { placed, resting } from './order.js';
import { carried, spliced } from './text.js';

/** @typedef {import('@jupyter/ydoc').ISharedNotebook} SharedNotebook */
/** @typedef {import('@jupyter/ydoc').ISharedCell} SharedCell */
/** @typedef {import('./notebooks.js').Json} Json */
/** @typedef {import('./notebooks.js').Operation} Operation */
/** @typedef {import('./notebooks.js').Entry} Entry */
/** @typedef {import('./text.js').Splice} Splice */

/**
 * A copy at one moment: what it says, and the cells that said it; null where one is gone.
 * @typedef {{content: Json, cells: readonly (SharedCell | null)[]}} Snapshot
 */
/**
 * `kept`: cells that must not be made anew if that can be avoided, the most important first.  `distrust`
 * is told of each cell that is about to show outputs that are not trusted.
 * @typedef {{kept?: SharedCell[], distrust?: (cell: SharedCell) => void}} Care
 */
/**
 * A cell that stays and what it gets; `anew`: it has to be made anew as this, its id or type is another.
 * @typedef {object} Change
 * @property {SharedCell} cell
 * @property {string} id
 * @property {Splice[]} source
 * @property {Map<string, any>} fields
 * @property {boolean} distrusted
 * @property {Json | null} anew
 */

/**
 * Bring in the operations meant for a snapshot.
 * @param {SharedNotebook} shared
 * @param {Snapshot} snapshot
 * @param {Operation[]} operations
 * @param {Care} care
 * @returns {Json | null} the notebook that the operations lead to; null, with nothing done: they change
 * what was changed here since
 */
export function applyOperations(shared, snapshot, operations, care = {}) {
  const made = outcome(snapshot.content, operations);
  const alive = stillThere(shared, snapshot);
  const changes = changesOf(snapshot, made.cells, alive);
  if (!changes) return null;
  const sent = alive.filter(one => one !== null);
  const target = targetOf(shared, made.cells, alive);
  if (!target) return null;
  const order = placed(/** @type {(SharedCell | Json)[]} */ ([...shared.cells]), sent, target);
  if (!order) return null;
  for (const { cell, distrusted } of changes) {
    if (!distrusted) continue;
    care.distrust?.(cell);
    cell.deleteMetadata('trusted');
  }
  shared.transact(() => {
    setFrame(shared, snapshot.content, made.frame);
    for (const change of changes) if (!change.anew) setFields(change);
  }, false);
  arrange(shared, order, changes, care.kept ?? []);
  shared.transact(() => {
    for (const change of changes) if (!change.anew && change.fields.has('outputs')) setOutputs(shared, change);
  }, false);
  return asNotebook(made);
}

/**
 * The shared cell of each cell of the snapshot, null for deleted ones; a cell that was dragged since is
 * a new one with the old id.
 * @param {SharedNotebook} shared
 * @param {Snapshot} snapshot
 * @returns {(SharedCell | null)[]}
 */
function stillThere(shared, snapshot) {
  const now = new Set(shared.cells);
  const known = new Set(snapshot.cells);
  /** @type {Map<string, SharedCell>} */
  const others = new Map();
  for (const cell of now) if (!known.has(cell)) others.set(cell.getId(), cell);
  return snapshot.cells.map((cell, place) => {
    if (cell && now.has(cell)) return cell;
    const id = snapshot.content.cells[place].id;
    const found = others.get(id) ?? null;
    others.delete(id);
    return found;
  });
}

/**
 * The cells that the operations lead to; null where a new one has the id of another cell of the page.
 * @param {SharedNotebook} shared
 * @param {Entry[]} cells
 * @param {(SharedCell | null)[]} alive
 * @returns {(SharedCell | Json)[] | null}
 */
function targetOf(shared, cells, alive) {
  const known = new Set(alive);
  const others = new Map(shared.cells.filter(cell => !known.has(cell)).map(cell => [cell.getId(), cell]));
  /** @type {(SharedCell | Json)[]} */
  const target = [];
  for (const { origin, value } of cells) {
    const there = origin < 0 ? others.get(value.id) : alive[origin];
    if (origin < 0 && there && there.getSource() !== joined(value.source)) return null;
    if (there) target.push(there);
    else if (origin < 0) target.push(fresh(value));
  }
  return target;
}

/**
 * What each cell gets; null where this side has changed the same thing since.
 * @param {Snapshot} snapshot
 * @param {Entry[]} target
 * @param {(SharedCell | null)[]} alive
 * @returns {Change[] | null}
 */
function changesOf(snapshot, target, alive) {
  /** @type {Json[]} */
  const sent = snapshot.content.cells;
  const staying = new Set(target.map(one => one.origin));
  for (const [place, cell] of alive.entries()) {
    const isEdited = cell && cell.getSource() !== joined(sent[place].source);
    if (isEdited && !staying.has(place)) return null;
  }
  /** @type {Change[]} */
  const changes = [];
  for (const { origin, value } of target) {
    const was = sent[origin];
    if (origin < 0 || was === value) continue;
    const cell = alive[origin];
    if (!cell && joined(was.source) !== joined(value.source)) return null; // deleted here, edited there
    if (!cell) continue;
    const change = changeOf(cell, was, value);
    if (!change) return null;
    changes.push(change);
  }
  return changes;
}

/**
 * @param {SharedCell} cell
 * @param {Json} was
 * @param {Json} value
 * @returns {Change | null}
 */
function changeOf(cell, was, value) {
  const now = /** @type {Json} */ (cell.toJSON());
  const source = carried(joined(was.source), joined(value.source), now.source);
  if (!source) return null;
  /** @type {Map<string, any>} */
  const fields = new Map();
  for (const field of ['outputs', 'execution_count', 'attachments']) {
    // What has changed here since is a newer run of this page, or one that goes on: it stays.
    const isOurs = !sameJson(was[field] ?? null, now[field] ?? null);
    if (was[field] !== value[field] && !isOurs) fields.set(field, value[field]);
  }
  const distrusted = fields.has('outputs') && value.metadata?.trusted === false;
  if (distrusted) delete now.metadata.trusted;
  if (was.metadata !== value.metadata) fields.set('metadata', mixed(was.metadata, value.metadata, now.metadata));
  const isOther = (value.id ?? was.id) !== was.id || value.cell_type !== was.cell_type;
  const id = cell.getId();
  return { cell, id, source, fields, distrusted, anew: isOther ? anotherOf(cell, now, value, source, fields) : null };
}

/**
 * @param {SharedCell} cell
 * @param {Json} now
 * @param {Json} value
 * @param {Splice[]} source
 * @param {Map<string, any>} fields
 * @returns {Json}
 */
function anotherOf(cell, now, value, source, fields) {
  return fresh({
    ...now,
    ...Object.fromEntries(fields),
    cell_type: value.cell_type,
    id: value.id ?? cell.getId(),
    source: spliced(now.source, source)
  });
}

/**
 * Metadata with their changes; where this side changed a key since, its value stays.  `trusted` is no
 * part of a notebook: it is a mark that pages and servers tell each other.
 * @param {Json | undefined} was
 * @param {Json | undefined} theirs
 * @param {Json | undefined} now
 * @returns {Json}
 */
function mixed(was = {}, theirs = {}, now = {}) {
  const made = { ...now };
  for (const key of new Set([...Object.keys(was), ...Object.keys(theirs)])) {
    if (key === 'trusted' || sameJson(was[key], theirs[key]) || !sameJson(was[key], now[key])) continue;
    if (key in theirs) made[key] = theirs[key];
    else delete made[key];
  }
  return made;
}

/**
 * A cell of theirs as a page holds it.
 * @param {Json} cell
 * @returns {Json}
 */
function fresh(cell) {
  const { trusted, ...metadata } = cell.metadata ?? {};
  return { ...inOnePiece(cell), metadata: trusted === true ? { ...metadata, trusted } : metadata };
}

/**
 * @param {SharedNotebook} shared
 * @param {Json} was
 * @param {Json} frame
 */
function setFrame(shared, was, frame) {
  const any = /** @type {any} */ (shared); // its versions can be set, though that is not declared
  if (was.nbformat !== frame.nbformat) any.nbformat = frame.nbformat;
  if (was.nbformat_minor !== frame.nbformat_minor) any.nbformat_minor = frame.nbformat_minor;
  if (was.metadata === frame.metadata) return;
  shared.setMetadata(/** @type {any} */ (mixed(was.metadata, frame.metadata, shared.getMetadata())));
}

/** @param {Change} change */
function setFields({ cell, source, fields }) {
  for (const { from, to, text } of [...source].reverse()) cell.updateSource(from, to, text);
  const any = /** @type {any} */ (cell); // what only some types of cells have
  for (const [field, value] of fields) {
    if (field === 'outputs') any.setOutputs?.([]);
    else if (field === 'execution_count') any.execution_count = value ?? null;
    else if (field === 'attachments') any.setAttachments?.(value && attachmentsInOnePiece(value));
    else setCellMetadata(cell, value);
  }
}

/**
 * Give a cell its outputs; the old ones are gone by then.  Replaced in one transaction, old and new ones
 * would reach JupyterLab together, which appends a stream to the one before it: the text came twice.
 * @param {SharedNotebook} shared
 * @param {Change} change
 */
function setOutputs(shared, { cell, id, fields }) {
  // A cell that was moved is another one by now, and was made when its outputs were gone; the old one has no id.
  const there = shared.cells.includes(cell) ? cell : shared.cells.find(one => one.getId() === id);
  /** @type {any} */ (there)?.setOutputs?.(outputsInOnePiece(fields.get('outputs') ?? []));
}

/**
 * A shared cell that is given all its metadata leaves the keys that are not named.
 * @param {SharedCell} cell
 * @param {Json} value
 */
function setCellMetadata(cell, value) {
  for (const key of Object.keys(cell.getMetadata())) if (!(key in value)) cell.deleteMetadata(key);
  cell.setMetadata(/** @type {any} */ (value));
}

/**
 * Put the cells in order.  A shared model cannot move a cell: it is made anew elsewhere, and its editor
 * is lost.  One stretch of cells at a time: of two in one transaction JupyterLab hears one after the other, and
 * at the first finds the active cell's place in the list as it is after both, so that the caret goes astray.
 * @param {SharedNotebook} shared
 * @param {(SharedCell | Json)[]} order shared cells, and new ones as JSON
 * @param {Change[]} changes
 * @param {SharedCell[]} kept
 */
function arrange(shared, order, changes, kept) {
  const now = [...shared.cells];
  /** @type {Map<SharedCell | Json, Json>} */
  const made = new Map();
  for (const { cell, anew } of changes) if (anew) made.set(cell, anew);
  const staying = resting(
    /** @type {(SharedCell | Json)[]} */ (now.filter(cell => !made.has(cell))),
    order,
    kept.filter(cell => !made.has(cell))
  );
  for (const cell of now) {
    if (!staying.has(cell) && !made.has(cell)) {
      made.set(cell, { .../** @type {Json} */ (cell.toJSON()), id: cell.getId() });
    }
  }
  for (const { from, to } of stretches(now, cell => !staying.has(cell)).reverse()) {
    shared.transact(() => shared.deleteCellRange(from, to), false);
  }
  for (const { from, to } of stretches(order, cell => !staying.has(cell))) {
    const cells = /** @type {any[]} */ (order.slice(from, to).map(cell => made.get(cell) ?? cell));
    shared.transact(() => shared.insertCells(from, cells), false);
  }
}

/**
 * Where the items that are chosen stand, as ranges without their ends.
 * @template T
 * @param {T[]} items
 * @param {(item: T) => boolean} isChosen
 */
function stretches(items, isChosen) {
  /** @type {{from: number, to: number}[]} */
  const found = [];
  for (const [place, item] of items.entries()) {
    const last = found[found.length - 1];
    if (!isChosen(item)) continue;
    if (last?.to === place) last.to++;
    else found.push({ from: place, to: place + 1 });
  }
  return found;
}
