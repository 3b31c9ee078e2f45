/**
 * Owns: operations carried out on a notebook as a value: what a copy that was sent becomes.
 * Must not know: shared models, editors, servers.
 * Invariant: each cell of the result knows which cell of the copy it was, whatever its name is now; what
 * no operation names is the same object as before.
 */

/** A cell's id, or its place at that moment. @typedef {string | number} Name */
/** A notebook or a cell. @typedef {Record<string, any>} Json */
/**
 * `op`: set, insert, move or delete.
 * @typedef {{op: string, cell?: Name, after?: Name | null, field?: string, value?: any}} Operation
 */
/** `origin`: the place in the copy, -1 for a new cell. @typedef {{origin: number, value: Json}} Entry */
/** `frame`: the notebook without its cells. @typedef {{frame: Json, cells: Entry[]}} Outcome */

/**
 * What a notebook becomes.
 * @param {Json} notebook
 * @param {Operation[]} operations
 * @returns {Outcome}
 */
export function outcome(notebook, operations) {
  const { cells, ...frame } = notebook;
  /** @type {Outcome} */
  let made = { frame, cells: /** @type {Json[]} */ (cells).map((value, origin) => ({ origin, value })) };
  for (const operation of operations) {
    if (operation.op !== 'set' || operation.cell !== undefined) carryOut(made.cells, operation);
    else if (operation.field === undefined) made = replaced(made, operation.value);
    else made.frame = withField(made.frame, operation.field, operation);
  }
  return made;
}

/** @param {Outcome} made @returns {Json} */
export const asNotebook = made => ({ ...made.frame, cells: made.cells.map(one => one.value) });

/**
 * @param {Entry[]} cells
 * @param {Operation} operation
 */
function carryOut(cells, operation) {
  /** @param {Name | null | undefined} name */
  const at = name => {
    if (name === null) return -1;
    const place = typeof name === 'number' ? name : cells.findIndex(one => one.value.id === name);
    if (place < 0 || place >= cells.length) throw new RangeError(`no cell ${name}`);
    return place;
  };
  if (operation.op === 'insert') {
    cells.splice(at(operation.after) + 1, 0, { origin: -1, value: operation.value });
    return;
  }
  const place = at(operation.cell);
  if (operation.op === 'set') {
    const { origin, value } = cells[place];
    cells[place] = { origin, value: withField(value, /** @type {string} */ (operation.field), operation) };
    return;
  }
  const [taken] = cells.splice(place, 1);
  if (operation.op === 'move') cells.splice(at(operation.after) + 1, 0, taken);
}

/**
 * @param {Json} target
 * @param {string} field
 * @param {Operation} operation
 * @returns {Json}
 */
function withField(target, field, operation) {
  if ('value' in operation) return { ...target, [field]: operation.value };
  const { [field]: _taken, ...rest } = target;
  return rest;
}

/**
 * Another notebook in place of the whole: cells stay what they were by id, without ids by what they hold.
 * @param {Outcome} old
 * @param {Json} notebook
 * @returns {Outcome}
 */
function replaced(old, notebook) {
  const { cells, ...frame } = notebook;
  /** @type {Map<string, Entry[]>} */
  const waiting = new Map();
  for (const one of old.cells) {
    const key = keyOf(one.value);
    waiting.set(key, [...(waiting.get(key) ?? []), one]);
  }
  const entries = /** @type {Json[]} */ (cells).map(value => {
    const was = waiting.get(keyOf(value))?.shift();
    return { origin: was?.origin ?? -1, value: was && sameJson(was.value, value) ? was.value : value };
  });
  return { frame, cells: entries };
}

/** @param {Json} cell @returns {string} */
const keyOf = cell => cell.id ?? `\n${cell.cell_type}\n${joined(cell.source)}`;

/** A text that the file may hold as lines. @param {string | string[] | undefined} text @returns {string} */
export const joined = text => (Array.isArray(text) ? text.join('') : (text ?? ''));

/**
 * A cell as Jupyter's pages hold it: texts in one piece.  (A shared model would put commas between the
 * lines of a stream.)
 * @param {Json} cell
 * @returns {Json}
 */
export function inOnePiece(cell) {
  /** @type {Json} */
  const made = { ...cell, source: joined(cell.source) };
  if (cell.outputs) made.outputs = outputsInOnePiece(cell.outputs);
  if (cell.attachments) made.attachments = attachmentsInOnePiece(cell.attachments);
  return made;
}

/** @param {Json[]} outputs */
export function outputsInOnePiece(outputs) {
  return outputs.map(one => ({
    ...one,
    ...(one.output_type === 'stream' ? { text: joined(one.text) } : {}),
    ...(one.data ? { data: bundle(one.data) } : {})
  }));
}

/** @param {Json} attachments @returns {Json} */
export const attachmentsInOnePiece = attachments =>
  Object.fromEntries(Object.entries(attachments).map(([name, data]) => [name, bundle(data)]));

/**
 * One value by MIME type; lists that are JSON stay lists.
 * @param {Json} data
 * @returns {Json}
 */
function bundle(data) {
  return Object.fromEntries(
    Object.entries(data).map(([type, value]) => {
      const isText = Array.isArray(value) && value.every(line => typeof line === 'string');
      return [type, isText && !/^application\/(.*\+)?json$/.test(type) ? value.join('') : value];
    })
  );
}

/**
 * Whether two values are the same JSON, whatever the order of their keys.
 * @param {any} one
 * @param {any} other
 * @returns {boolean}
 */
export function sameJson(one, other) {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one).filter(key => one[key] !== undefined);
  const others = Object.keys(other).filter(key => other[key] !== undefined);
  return keys.length === others.length && keys.every(key => sameJson(one[key], other[key]));
}
