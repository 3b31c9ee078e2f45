/**
 * Pages without a browser: the modules of the page's part under node, told what to do line by line.
 *
 * A line on standard input is a command, the line that follows on standard output its result, with the
 * requests that the pages have made since: they wait until an `answer` or a `fail` comes for them.
 */

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

import { answer } from '../helpers/answering.mjs';

const [, , folder, modules] = process.argv;
const load = name => import(pathToFileURL(`${folder}/${name}`).href);
const { applyOperations } = await load('apply.js');
const { conflictsIn, settled } = await load('markers.js');
const { carryOut } = await load('conflict-choosing.js');
const { offers, ownSide, shownIn } = await load('conflict-words.js');
const { OwnSaves } = await load('own-saves.js');
const { Replica } = await load('replica.js');
const { splices, spliced, carried } = await load('text.js');
const { ENGLISH } = await load('words.js');

/** What there is of a shared model here: like the real one, its list of cells lags in a transaction. */
class SharedCell {
  constructor(cell, number) {
    Object.assign(this, structuredClone({ metadata: {}, ...cell, id: cell.id ?? `page-${number}` }));
  }
  getId() {
    return this.id;
  }
  getSource() {
    return this.source;
  }
  transact(work) {
    work();
  }
  updateSource(from, to, text) {
    this.source = this.source.slice(0, from) + text + this.source.slice(to);
  }
  getMetadata() {
    return structuredClone(this.metadata);
  }
  setMetadata(values, value) {
    Object.assign(this.metadata, structuredClone(typeof values === 'string' ? { [values]: value } : values));
  }
  deleteMetadata(key) {
    delete this.metadata[key];
  }
  setOutputs(outputs) {
    this.outputs = structuredClone(outputs);
  }
  setAttachments(attachments) {
    if (attachments == null) delete this.attachments;
    else this.attachments = structuredClone(attachments);
  }
  toJSON() {
    return structuredClone({ ...this });
  }
}

class SharedNotebook {
  constructor(notebook) {
    const { cells, ...frame } = structuredClone(notebook);
    Object.assign(this, frame);
    this.count = 0;
    this.hidden = cells.map(cell => this.made(cell));
    this.cells = [...this.hidden];
  }
  made(cell) {
    if (typeof cell.source !== 'string') throw new TypeError('lines, not a text');
    return new SharedCell(cell, this.count++);
  }
  transact(work) {
    this.parts = 0;
    work();
    if (this.parts > 1) throw new Error('JupyterLab would lose the active cell');
    this.cells = [...this.hidden];
  }
  insertCells(place, cells) {
    this.hidden.splice(place, 0, ...cells.map(cell => this.made(cell)));
    this.parts++;
  }
  deleteCell(place) {
    this.deleteCellRange(place, place + 1);
  }
  deleteCellRange(from, to) {
    for (const cell of this.hidden.splice(from, to - from)) cell.id = undefined; // a deleted cell knows nothing
    this.parts++;
  }
  getMetadata() {
    return structuredClone(this.metadata);
  }
  setMetadata(values) {
    this.metadata = structuredClone(values);
  }
  toJSON() {
    const { metadata, nbformat, nbformat_minor } = structuredClone({ ...this, cells: 0, hidden: 0 });
    const cells = this.cells.map(cell => cell.toJSON());
    if (nbformat_minor < 5) for (const cell of cells) delete cell.id;
    return { metadata, nbformat, nbformat_minor, cells };
  }
}

async function modelMaker() {
  if (!modules) return notebook => new SharedNotebook(notebook);
  const found = createRequire(`${modules}/`).resolve('@jupyter/ydoc');
  const { YNotebook } = await import(pathToFileURL(found).href);
  return notebook => YNotebook.create({ data: structuredClone(notebook) });
}

const makeModel = await modelMaker();
let pages = [];
let waiting = new Map();
let number = 0;
let fresh = [];
let later = [];
let errors = [];

class Page {
  constructor(who, opened) {
    this.who = who;
    this.shared = makeModel(opened.content);
    const ask = what => body =>
      new Promise((done, fail) => {
        const id = ++number;
        waiting.set(id, { done, fail });
        fresh.push({ id, who, what, body: body ?? null });
      });
    const server = { save: ask('save'), pull: ask('pull'), head: ask('head'), open: ask('open') };
    const page = {
      read: () => this.read(),
      bring: (operations, snapshot) =>
        operations.length ? applyOperations(this.shared, snapshot, operations) : snapshot.content,
      match: content => {
        const byId = new Map(this.shared.cells.map(cell => [cell.getId(), cell]));
        return { content, cells: content.cells.map(({ id }) => byId.get(id) ?? null) };
      },
      told: () => undefined,
      later: work => later.push(work),
      newId: () => `save-${who}-${++number}`
    };
    this.replica = new Replica(server, page, opened);
  }
  read() {
    return { content: JSON.parse(JSON.stringify(this.shared.toJSON())), cells: [...this.shared.cells] };
  }
}

const json = model => JSON.parse(JSON.stringify(model.toJSON()));
const failed = error => void errors.push(String(error));

const commands = {
  text: ({ old, now }) => spliced(old, splices(old, now)),
  splices: ({ old, now }) => splices(old, now),
  carry: ({ old, theirs, mine }) => {
    const changes = carried(old, theirs, mine);
    return changes && spliced(mine, changes);
  },
  /** The conflicts of a text, each with what becomes of the text by each choice. */
  conflicts: ({ text }) =>
    conflictsIn(text).map(one => ({
      ...one,
      settled: Object.fromEntries(['upper', 'lower', 'both', 'base'].map(choice => [choice, settled(text, one, choice)]))
    })),
  /** The words of the choices for each conflict of a text that is known by the name of its markers. */
  offers: ({ text, known, sent, now, language }) =>
    shownIn(text, new Map(Object.entries(known))).map(one => ({
      line: one.conflict.first,
      own: ownSide(one, new Set(sent)),
      offers: offers(one, new Set(sent), { ...ENGLISH, language: language || undefined }, now)
    })),
  /**
   * Which saves a tab knows as its own after some, where the browser kept what it did before; null: it keeps nothing.
   * `open`, `stored`: what the browser has while the page is there, and once it is left.
   */
  saved: ({ stored = '[]', tokens, ask }) => {
    const isAllowed = stored !== null;
    const set = text => {
      if (!isAllowed) throw new Error('not allowed');
      stored = text;
    };
    const storage = { getItem: () => stored, setItem: (_, text) => set(text), removeItem: () => set(null) };
    const saves = new OwnSaves(storage);
    for (const token of tokens) saves.add(token);
    const open = stored;
    saves.left();
    return { open, stored, known: ask.map(token => saves.has(token)) };
  },
  /** A choice in a notebook in which somebody has typed in the cell since it was sent; `undo`: and takes it back. */
  choose: ({ notebook, place, line, choice, operations, typed, undo }) => {
    const model = makeModel(notebook);
    const asked = { content: json(model), place, line, choice };
    const cell = model.cells[place];
    if (typed) cell.updateSource(typed.at, typed.at, typed.text);
    const before = json(model);
    const done = carryOut(model, cell, asked, operations);
    const after = json(model);
    if (undo) cell.undo();
    return { done, before, after, undone: undo && cell.undo ? json(model) : null };
  },
  load: ({ notebook }) => json(makeModel(notebook)),
  /** Operations for a notebook in which cells (by place) were typed in since it was sent. */
  apply: ({ notebook, operations, typed = [], kept = [] }) => {
    const model = makeModel(notebook);
    const snapshot = { content: json(model), cells: [...model.cells] };
    for (const { cell, at, text } of typed) model.cells[cell].updateSource(at, at, text);
    const before = json(model);
    const keep = kept.map(place => model.cells[place]);
    const done = applyOperations(model, snapshot, operations, { kept: keep });
    const after = json(model);
    const stayed = snapshot.cells.filter(cell => model.cells.includes(cell)).length;
    return { done: done !== null, before, after, stayed, kept: keep.every(cell => model.cells.includes(cell)) };
  },
  start: ({ count, opened }) => {
    waiting = new Map();
    [fresh, later, errors] = [[], [], []];
    pages = Array.from({ length: count }, (_, who) => new Page(who, opened));
  },
  type: ({ who, cell, at, text }) => pages[who].shared.cells[cell].updateSource(at, at, text),
  insert: ({ who, place, cell }) => {
    const { shared } = pages[who];
    shared.transact(() => shared.insertCells(place, [cell]));
  },
  save: ({ who }) => void pages[who].replica.save().catch(failed),
  pull: ({ who }) => void pages[who].replica.pull().catch(failed),
  later: () => later.splice(0).forEach(work => work()),
  answer: ({ id, answer }) => waiting.get(id).done(answer),
  fail: ({ id, status }) => waiting.get(id).fail(Object.assign(new Error('failed'), status && { status })),
  read: ({ who }) => ({ notebook: pages[who].read().content, base: pages[who].replica.base })
};

function told() {
  const all = { requests: fresh, later: later.length, errors };
  fresh = [];
  errors = [];
  return all;
}

await answer(commands, told, 3);
