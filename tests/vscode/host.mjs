/**
 * Windows of VS Code without VS Code: the extension's modules under node with a stand-in for `vscode`, told what to
 * do line by line.  The files are real; time passes only when a command says so.
 *
 * A line on standard input is a command, the line that follows on standard output its result, with the
 * requests that the windows have made since: they wait until an `answer` or a `fail` comes for them.
 */

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

import { answer } from '../helpers/answering.mjs';

const [, , folder] = process.argv;
const load = name => import(pathToFileURL(`${folder}/${name}`).href);
const { Session } = await load('session.js');
const { Focus } = await load('focus.js');
const { planned } = await load('plan.js');
const { conflictsIn } = await load('markers.js');
const { offered, settling } = await load('conflicts.js');

class Position {
  constructor(line, character) {
    Object.assign(this, { line, character });
  }
}
class Range {
  constructor(start, end) {
    Object.assign(this, { start, end });
  }
}
class NotebookRange {
  constructor(start, end) {
    Object.assign(this, { start, end });
  }
}
class NotebookData {
  static made = 0; // how often a whole notebook was copied
  constructor(cells) {
    this.cells = cells;
    NotebookData.made++;
  }
}
class NotebookCellData {
  constructor(kind, value, languageId) {
    Object.assign(this, { kind, value, languageId });
  }
}
const NotebookEdit = {
  deleteCells: range => ({ range, cells: [] }),
  insertCells: (place, cells) => ({ range: new NotebookRange(place, place), cells }),
  replaceCells: (range, cells) => ({ range, cells }),
  updateCellMetadata: (place, metadata) => ({ place, metadata }),
  updateNotebookMetadata: notebook => ({ notebook })
};
class WorkspaceEdit {
  texts = [];
  notebooks = [];
  replace(uri, range, text) {
    this.texts.push({ uri, range, text });
  }
  set(uri, edits) {
    this.notebooks.push({ uri, edits });
  }
  get size() {
    return this.texts.length; // as in VS Code, changes of cells do not count
  }
}

const PATIENCE = 1500; // milliseconds for which VS Code waits for its extensions
const KINDS = { markdown: 1, code: 2, raw: 2 };
const lines = text => text.match(/[^\n]*\n|[^\n]+/g) ?? [];

/** A file's text as VS Code's own extension for notebooks reads it, and back. */
function parsed(text) {
  const { cells, ...rest } = JSON.parse(text);
  const data = new NotebookData(
    cells.map(({ cell_type, source, outputs, ...metadata }) => {
      const cell = new NotebookCellData(KINDS[cell_type], [source].flat().join(''), cell_type);
      const items = (outputs ?? []).map(one => ({ items: [{ mime: 'x', data: Buffer.from(JSON.stringify(one)) }] }));
      return Object.assign(cell, { metadata, outputs: items });
    })
  );
  data.metadata = rest;
  return data;
}
function written({ cells, metadata }) {
  const made = cells.map(one => {
    const cell = { cell_type: one.languageId, ...one.metadata, source: lines(one.value) };
    if (one.languageId === 'code') cell.outputs = one.outputs.map(each => JSON.parse(each.items[0].data.toString()));
    return cell;
  });
  return `${JSON.stringify({ cells: made, ...metadata }, null, 1)}\n`;
}

let number = 0;
let fresh = [];
let waiting = new Map();
let timers = [];
let time = 0;
let windows = [];
let errors = [];

const clock = {
  after: (milliseconds, work) => {
    const timer = { at: time + milliseconds, work };
    timers.push(timer);
    return timer;
  },
  cancel: timer => (timers = timers.filter(one => one !== timer)),
  now: () => time,
  chance: () => 0.5
};

class Cell {
  constructor(notebook, data) {
    const uri = `cell:${++number}`;
    Object.assign(this, { notebook, kind: data.kind, metadata: data.metadata, outputs: data.outputs, text: data.value });
    const positionAt = offset => {
      const before = this.text.slice(0, offset).split('\n');
      return new Position(before.length - 1, before.at(-1).length);
    };
    this.document = { uri, languageId: data.languageId, getText: () => this.text, positionAt };
  }
  get index() {
    return this.notebook.cells.indexOf(this);
  }
}

class Window {
  constructor(who, path, memory = new Map()) {
    Object.assign(this, { who, path, memory, version: 1, isDirty: false, refusals: 0, saves: 0, undos: [], keys: [], over: [] });
    this.uri = { fsPath: path, toString: () => path };
    this.notebookType = 'jupyter-notebook';
    this.languageId = 'python';
    this.take(readFileSync(path, 'utf8'));
    const ask = (what, body) =>
      new Promise((done, fail) => {
        const id = ++number;
        waiting.set(id, { done, fail });
        fresh.push({ id, who, what, body });
      });
    const server = {
      open: () => ask('open', {}),
      head: () => ask('head', {}),
      hold: () => ask('hold', {}),
      identify: content => ask('identify', { content }),
      pull: (content, base) => ask('pull', { content, base }),
      save: (content, base, id) => ask('save', { content, base, save_id: id, writer: `window ${who}`, exact: true }),
      merge: (common, content, other) => ask('merge', { common, content, other }),
      claim: (content, base) => ask('claim', { content, base, writer: `window ${who}` })
    };
    this.said = [];
    const note = what => () => void this.said.push(what);
    const told = { came: () => undefined, undone: note('undone'), gone: note('gone'), back: () => undefined, log: line => void errors.push(line) };
    const kept = { get: key => memory.get(key), set: (key, value) => void memory.set(key, value) };
    this.session = new Session(this.vscode(), this, server, kept, told, clock);
  }
  take(text, at = statSync(this.path).mtimeMs) {
    const data = parsed(text);
    const removed = this.cells ?? [];
    this.cells = data.cells.map(one => new Cell(this, one));
    this.metadata = data.metadata;
    this.known = text;
    this.knownAt = at;
    return removed;
  }
  vscode() {
    return {
      Position,
      Range,
      NotebookRange,
      NotebookData,
      NotebookCellData,
      NotebookEdit,
      WorkspaceEdit,
      TextDocumentChangeReason: { Undo: 1, Redo: 2 },
      version: '1.139.1',
      window: { activeTextEditor: undefined, visibleNotebookEditors: [] },
      commands: { executeCommand: async (_name, _type, bytes) => parsed(new TextDecoder().decode(bytes)) },
      extensions: { getExtension: () => ({ activate: async () => ({ exportNotebook: async data => written(data) }) }) },
      workspace: {
        applyEdit: async edit => !this.interrupted(edit) && this.apply(edit),
        fs: { readFile: async () => readFileSync(this.path) }
      }
    };
  }
  get cellCount() {
    return this.cells.length;
  }
  getCells() {
    return [...this.cells];
  }
  /** That there are unsaved changes now is told behind the change; while VS Code reads the file, not at all. */
  changed(removedCells = [], addedCells = []) {
    this.version++;
    const contentChanges = removedCells.length || addedCells.length ? [{ removedCells, addedCells }] : [];
    const event = { notebook: this, cellChanges: [], contentChanges };
    this.session.changed(event);
    if (this.isReading) return;
    this.isDirty = true;
    if (!contentChanges.length) this.session.changed(event); // it says twice that a cell was typed into
  }
  /** Whether a key came before an edit arrives that was meant for what it changes: it is refused then. */
  interrupted({ texts, notebooks }) {
    const key = this.keys.shift();
    if (!key) return false;
    this.type(...key);
    const { uri } = this.cells[key[0]].document;
    return notebooks.length > 0 || texts.some(one => one.uri === uri);
  }
  /** A cell runs until it has ended. */
  runs(cell, success) {
    const cellChanges = [{ cell: this.cells[cell], executionSummary: { success } }];
    this.session.changed({ notebook: this, cellChanges, contentChanges: [] });
  }
  /** A cell has run, and has these outputs now. */
  ran(cell, outputs) {
    const one = this.cells[cell];
    one.outputs = parsed(JSON.stringify({ cells: [{ cell_type: 'code', source: '', outputs }] })).cells[0].outputs;
    one.executionSummary = { executionOrder: (one.executionSummary?.executionOrder ?? 0) + 1, success: true };
    this.version++;
    this.isDirty = true;
    const { executionSummary } = one;
    this.session.changed({ notebook: this, cellChanges: [{ cell: one, outputs: one.outputs, executionSummary }], contentChanges: [] });
  }
  apply({ texts, notebooks }) {
    for (const [uri, edits] of grouped(texts)) {
      const cell = this.cells.find(one => one.document.uri === uri);
      if (!cell) return false;
      const before = cell.text;
      const rows = before.split('\n');
      const at = ({ line, character }) => rows.slice(0, line).reduce((sum, row) => sum + row.length + 1, 0) + character;
      const splices = edits.map(one => [at(one.range.start), at(one.range.end), one.text]).sort((a, b) => b[0] - a[0]);
      for (const [from, to, text] of splices) cell.text = cell.text.slice(0, from) + text + cell.text.slice(to);
      this.undos.push({ cell, before });
      this.changed();
    }
    for (const { edits } of notebooks) this.arrange(edits);
    return true;
  }
  arrange(edits) {
    const places = edits.map((edit, order) => ({ ...edit, order })).filter(one => one.range);
    places.sort((a, b) => b.range.end - a.range.end || b.order - a.order);
    const cellsBefore = [...this.cells];
    const [removed, steps] = [[], []];
    for (const { place, metadata } of edits) if (metadata) this.cells[place].metadata = metadata;
    for (const { range, cells } of places) {
      const made = cells.map(one => new Cell(this, one));
      const out = this.cells.splice(range.start, range.end - range.start, ...made);
      steps.unshift([range.start, made.length, ...out]);
      removed.push(...out);
    }
    for (const { notebook } of edits) if (notebook) this.metadata = notebook;
    this.undos.push({ cellsBefore });
    this.stale = steps;
    this.changed(removed, this.cells.filter(one => !cellsBefore.includes(one)));
  }
  type(place, at, text) {
    const cell = this.cells[place % this.cells.length];
    this.undos.push({ cell, before: cell.text });
    cell.text = cell.text.slice(0, at) + text + cell.text.slice(at);
    this.changed();
  }
  undo() {
    const step = this.undos.pop();
    if (!step) return;
    if (step.cellsBefore) {
      const now = this.cells;
      this.cells = step.cellsBefore;
      this.changed(
        now.filter(one => !this.cells.includes(one)),
        this.cells.filter(one => !now.includes(one))
      );
      return;
    }
    step.cell.text = step.before;
    this.changed();
    this.session.textChanged({ document: step.cell.document, reason: 1 });
  }
  /** An undo of the last change of cells, by its places, as VS Code does it where it has taken over the file since. */
  undoByPlaces() {
    const before = [...this.cells];
    for (const step of this.stale) this.cells.splice(...step);
    const now = this.cells;
    this.changed(
      before.filter(one => !now.includes(one)),
      now.filter(one => !before.includes(one))
    );
  }
  /** VS Code's own way: its extensions first, then it looks at the file, then it writes. */
  save() {
    this.lastSave = (this.lastSave ?? Promise.resolve()).then(() => this.saveNow()); // one after another
    return this.lastSave;
  }
  async saveNow() {
    if (this.isReading) return true; // it has no unsaved changes then
    this.saves++;
    await Promise.race([this.session.willSave(), new Promise(done => void clock.after(PATIENCE, done))]);
    return this.write();
  }
  async write() {
    const text = written(this.data());
    const disk = readFileSync(this.path, 'utf8');
    if (statSync(this.path).mtimeMs > this.knownAt && disk !== this.known && disk !== text) {
      this.refusals++;
      return false;
    }
    writeFileSync(this.path, text);
    for (const over of this.over.splice(0)) writeFileSync(this.path, over);
    this.known = text;
    this.knownAt = statSync(this.path).mtimeMs;
    this.isDirty = false;
    await this.session.didSave();
    return true;
  }
  data() {
    const data = new NotebookData(
      this.cells.map(one => ({
        value: one.text,
        kind: one.kind,
        languageId: one.document.languageId,
        metadata: one.metadata,
        outputs: one.outputs
      }))
    );
    data.metadata = this.metadata;
    return data;
  }
  /** What VS Code does with a notebook without changes when its file has changed: what is typed meanwhile goes. */
  read() {
    const text = readFileSync(this.path, 'utf8');
    if (this.isDirty || this.isReading || text === this.known) return;
    this.isReading = true;
    this.found = [text, statSync(this.path).mtimeMs];
  }
  reload() {
    this.read();
    if (this.isReading) this.takeOver(...this.found);
  }
  /** Also *Revert File*. */
  takeOver(text = readFileSync(this.path, 'utf8'), at = undefined) {
    this.isReading = true;
    this.undos = [];
    this.isDirty = false;
    this.changed(this.take(text, at), this.cells);
    this.isReading = false;
  }
}

function grouped(texts) {
  const found = new Map();
  for (const one of texts) found.set(one.uri, [...(found.get(one.uri) ?? []), one]);
  return found;
}

const failed = error => void errors.push(String(error?.stack ?? error));

const commands = {
  start: ({ count, path }) => {
    [waiting, fresh, timers, errors] = [new Map(), [], [], []];
    windows = Array.from({ length: count }, (_, who) => new Window(who, path));
    for (const one of windows) void one.session.open().catch(failed);
  },
  type: ({ who, cell, at, text }) => windows[who].type(cell, at, text),
  /** Somebody writes over what VS Code writes next, before anybody has seen it. */
  over: ({ who, text }) => void windows[who].over.push(text),
  /** Keys that come while edits are on their way, one for each. */
  keys: ({ who, keys }) => void windows[who].keys.push(...keys.map(({ cell, at, text }) => [cell, at, text])),
  insert: ({ who, place, cell }) => {
    const one = windows[who];
    one.arrange([NotebookEdit.insertCells(Math.min(place, one.cells.length), [parsed(JSON.stringify({ cells: [cell] })).cells[0]])]);
  },
  replace: ({ who, cell, text }) => {
    const one = windows[who].cells[cell];
    windows[who].undos.push({ cell: one, before: one.text });
    one.text = text;
    windows[who].changed();
  },
  /** VS Code ends with unsaved typing, and comes back with it; at first it does not say that it is unsaved. */
  again: ({ who, forgets }) => {
    const old = windows[who];
    old.session.close();
    const made = new Window(who, old.path, forgets ? new Map() : old.memory);
    made.take(written(old.data()));
    made.known = old.known;
    made.knownAt = old.knownAt;
    windows[who] = made;
    void made.session.open().catch(failed);
  },
  close: ({ who }) => windows[who].session.close(),
  undo: ({ who }) => windows[who].undo(),
  undoByPlaces: ({ who }) => windows[who].undoByPlaces(),
  runs: ({ who, cell, success }) => windows[who].runs(cell, success),
  ran: ({ who, cell, outputs }) => windows[who].ran(cell, outputs),
  save: ({ who }) => void windows[who].save().catch(failed),
  /** A save that VS Code begins and does not make. */
  begin: ({ who }) => void windows[who].session.willSave().catch(failed),
  noticed: ({ who }) => windows[who].session.fileChanged(),
  heard: ({ who }) => windows[who].session.heard(),
  /** A save that `begin` has begun is made now. */
  write: ({ who }) => void windows[who].write().catch(failed),
  read: ({ who }) => windows[who].read(),
  reload: ({ who }) => windows[who].reload(),
  revert: ({ who }) => windows[who].takeOver(),
  advance: ({ milliseconds }) => {
    time += milliseconds;
    const due = timers.filter(one => one.at <= time);
    timers = timers.filter(one => one.at > time);
    for (const one of due) one.work();
    return timers.length;
  },
  answer: ({ id, answer }) => waiting.get(id)?.done(answer),
  fail: ({ id, reason }) => waiting.get(id)?.fail(Object.assign(new Error('failed'), { reason })),
  told: ({ who }) => {
    const { refusals, saves, isDirty, session, cells, said } = windows[who];
    const outputs = cells.map(one => one.outputs.map(each => JSON.parse(each.items[0].data.toString())));
    const copies = NotebookData.made;
    return { sources: cells.map(one => one.text), outputs, refusals, saves, isDirty, said, copies, base: session.copy.base };
  },
  /** A key comes into a cell, and so many milliseconds later others' cell before it; what has the keys then. */
  pushed: async ({ milliseconds }) => {
    const at = { line: 1, character: 2 };
    const cell = { index: 0, metadata: { id: 'a' }, document: { getText: () => 'a\nb = 1' } };
    const notebook = { getCells: () => [cell] };
    const editor = { document: cell.document, selection: { isEmpty: true, active: at }, selections: [] };
    const window = { activeTextEditor: editor, visibleTextEditors: [editor], activeNotebookEditor: { notebook, revealRange() {} } };
    let keys = 'elsewhere';
    const executeCommand = async () => void (keys = 'cell');
    const kinds = { TextEditorSelectionChangeKind: { Keyboard: 1, Mouse: 2, Command: 3 } };
    let now = 0;
    const focus = new Focus({ NotebookRange, window, commands: { executeCommand }, ...kinds }, () => now);
    focus.moved({ kind: 1 });
    now = milliseconds;
    focus.moved({ kind: undefined }); // others' text has moved it
    cell.index = 1;
    await focus.changed({ notebook, contentChanges: [{ removedCells: [] }] }, true);
    return { keys, selected: window.activeNotebookEditor.selections?.[0].start };
  },
  plan: ({ notebook, operations, running, kept }) => planned(notebook, operations, running, kept),
  markers: ({ text }) =>
    conflictsIn(text).map(one => ({ ...one, offered: offered(one, 'bob') })),
  /** What is left of a cell's text once the first conflict in it is settled; null: the cell is gone. */
  settle: ({ who, cell, choice }) => {
    const window = windows[who];
    const one = window.cells[cell];
    const edit = settling(window.vscode(), one, conflictsIn(one.text)[0], choice);
    if (edit === null) return false;
    window.apply(edit);
    return window.cells.includes(one) ? one.text : null;
  }
};

function told() {
  const all = { requests: fresh, later: timers.length, errors };
  fresh = [];
  errors = [];
  return all;
}

await answer(commands, told, 12);
