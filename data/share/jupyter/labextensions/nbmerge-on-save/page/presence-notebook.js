/**
 * Owns: who else has one notebook open: what its page tells of itself, and where the others are shown.
 * Must not know: how saves are merged, how a connection is kept, how anything is drawn.
 * Invariant: nothing of it reaches the notebook, its undo history or its file: who goes to somebody in what is folded
 * away comes to where it is folded, and unfolds it by hand.
 */

import { goToCell, viewIn } from './cell-editors.js';
import { joined } from './notebooks.js';
import { paintOf } from './presence-colours.js';
import { PresenceLine } from './presence-line.js';
import { markCell, PeopleBar } from './presence-people.js';
import { carrier, Places } from './presence-places.js';

/** @typedef {import('./notebooks.js').Json} Json */
/** @typedef {import('./presence-people.js').Shown} Shown */
/** @typedef {import('./presence-people.js').Program} Program */
/** @typedef {import('./replica.js').SaveAnswer} SaveAnswer */
/** @typedef {import('./replica.js').PullAnswer} PullAnswer */
/** @typedef {import('./words.js').Words} Words */
/** @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel */
/** @typedef {NotebookPanel['content']['widgets'][number]} CellWidget */
/** @typedef {CellWidget['model']['sharedModel']} SharedCell */
/**
 * Where somebody is, as pages tell it.
 * @typedef {{cell: string, place: number, version: string, ranges: [number, number][]}} At
 */
/** @typedef {Shown & {at: At | null, moved: number}} Person */
/** @typedef {NonNullable<ReturnType<import('./provider.js').NotebookProvider['synced']>>} Synced */
/**
 * @typedef {object} Surroundings
 * @property {typeof import('@lumino/widgets').Widget} Widget
 * @property {typeof import('@jupyterlab/coreutils').URLExt} URLExt
 * @property {import('@jupyterlab/services').ServerConnection.ISettings} settings
 * @property {Words} words
 * @property {import('./provider.js').NotebookProvider} provider
 * @property {import('./presence-carets.js').Carets} carets
 */

const NAMELESS = 'another program'; // as answers call it
const LONGEST_ID = 64; // as notebooks may have them
const MOST_RANGES = 10; // of one who has many carets
const TOGETHER = 20; // milliseconds in which what is heard is drawn together
const SHOWN = 120_000; // milliseconds for which a program that has saved is shown
const NARROW = 600; // pixels of a toolbar

/** The people in one notebook as one panel shows them. */
export class NotebookPresence {
  /**
   * @param {NotebookPanel} panel
   * @param {Surroundings} around
   */
  constructor(panel, around) {
    this._panel = panel;
    this._around = around;
    this._carets = around.carets;
    /** What is to be undone at the end. @type {(() => void)[]} */
    this._undo = [];
    /** @type {Map<string, Person>} */
    this._people = new Map();
    /** @type {Program[]} */
    this._programs = [];
    /** The cells that programs changed last. @type {Map<string, SharedCell>} */
    this._changed = new Map();
    /** @type {Places<SharedCell>} */
    this._places = new Places();
    /** @type {Set<CellWidget>} */
    this._marked = new Set();
    /** @type {WeakSet<CellWidget>} */
    this._awaited = new WeakSet();
    this._count = 0;
    /** @type {number | undefined} */
    this._due = undefined;
    this.bar = new PeopleBar(around.Widget, around.words, {
      cell: id => this._numberOf(this._people.get(id)),
      go: id => void this._go(this._people.get(id)),
      goToProgram: name => void this._goTo(this._changed.get(name || NAMELESS)),
      now: () => performance.now(),
      narrow: () => this._isNarrow
    });
    this._isNarrow = false;
    this._putBar();
    this.line = this._connected();
    this._listen();
  }

  _connected() {
    return new PresenceLine({
      connect: () => this._socket(),
      heard: message => this._heard(message),
      lost: () => this._setPeople([]),
      where: () => this._where(),
      alone: () => !this._people.size,
      later: (work, milliseconds) => window.setTimeout(work, milliseconds),
      now: () => performance.now()
    });
  }

  _socket() {
    const { settings, URLExt } = this._around;
    const url = URLExt.join(settings.wsUrl, 'nbmerge/api/presence', URLExt.encodeParts(this._panel.context.path));
    const token = settings.appendToken && settings.token ? `?token=${encodeURIComponent(settings.token)}` : '';
    return new settings.WebSocket(url + token);
  }

  _listen() {
    const { content, context } = this._panel;
    const moved = () => this.line.moved();
    this._on(content.activeCellChanged, moved);
    this._on(content.stateChanged, moved);
    this._on(context.pathChanged, () => this.line.reopen());
    this._on(context.model.cells.changed, () => this._drawSoon());
  }

  /**
   * @template T
   * @param {{connect(slot: T): unknown, disconnect(slot: T): unknown}} signal
   * @param {T} slot
   */
  _on(signal, slot) {
    signal.connect(slot);
    this._undo.push(() => signal.disconnect(slot));
  }

  /** Nobody is shown any more, and this page to nobody. */
  close() {
    this.line.close();
    clearTimeout(this._due);
    for (const undo of this._undo) undo();
    for (const cell of this._marked) this._drawIn(cell, []);
    this._marked.clear();
    this.bar.widget.dispose();
  }

  /** Before what a narrow toolbar puts away first. */
  _putBar() {
    const { toolbar } = this._panel;
    const isPut = toolbar.insertBefore('cellType', 'nbmerge-people', this.bar.widget);
    if (!isPut) toolbar.addItem('nbmerge-people', this.bar.widget);
    const sized = new ResizeObserver(() => {
      const isNarrow = toolbar.node.offsetWidth < NARROW;
      if (isNarrow === this._isNarrow) return;
      this._isNarrow = isNarrow;
      this._show();
    });
    sized.observe(toolbar.node);
    this._undo.push(() => sized.disconnect());
  }

  /** Now and then. */
  look() {
    this.line.check();
    const fresh = this._programs.filter(({ saved }) => performance.now() - saved < SHOWN);
    if (fresh.length < this._programs.length) this._setPrograms(fresh);
    else this.bar.refresh();
  }

  /** @param {SaveAnswer | PullAnswer} answer */
  told(answer) {
    this._learn();
    const operation = answer.operations.find(one => one.op !== 'delete' && one.op !== 'move');
    const cells = this._panel.context.model.sharedModel.cells;
    const name = operation?.op === 'insert' ? operation.value?.id : operation?.cell;
    const cell = typeof name === 'number' ? cells[name] : cells.find(one => one.getId() === name);
    if (cell) for (const { writer } of answer.came) this._changed.set(writer, cell);
    if (cell) this._last = cell;
    this._drawSoon();
    this.line.moved();
  }

  /** Remember which cells are those of the version that is shown, if they have no ids. @returns {Synced | null} */
  _learn() {
    const synced = this._around.provider.synced(this._panel.context.path);
    const cells = this._panel.context.model.sharedModel.cells;
    const isNamed = synced?.content.cells[0]?.id !== undefined;
    if (synced && !isNamed && synced.content.cells.length === cells.length) this._places.learn(synced.version, cells);
    return synced;
  }

  /** @param {Json} message */
  _heard(message) {
    const now = performance.now();
    if (message.type === 'people') {
      const wasAlone = !this._people.size;
      this._setPeople(message.people);
      this._setPrograms(programsIn(message));
      if (wasAlone && this._people.size) this.line.sayAnew();
    } else if (message.type === 'programs') {
      this._setPrograms(programsIn(message));
    } else if (message.type === 'at') {
      const person = this._people.get(message.id);
      if (!person) return;
      if (JSON.stringify(person.at) !== JSON.stringify(message.at)) person.moved = ++this._count;
      person.at = message.at;
      person.seen = now;
      this._drawSoon();
    }
  }

  /** @param {Json[]} people */
  _setPeople(people) {
    if (!people.length && !this._people.size) return;
    const now = performance.now();
    const before = this._people;
    this._people = new Map();
    for (const { idle, ...one } of people) {
      const moved = before.get(one.id)?.moved ?? ++this._count;
      this._people.set(one.id, /** @type {Person} */ ({ ...one, seen: now - 1000 * idle, moved }));
    }
    this._show();
    this._draw();
  }

  /** @param {Program[]} programs */
  _setPrograms(programs) {
    this._programs = programs;
    this._show();
  }

  _show() {
    this.bar.show([...this._people.values()], this._programs);
  }

  _drawSoon() {
    if (!this._people.size && !this._marked.size) return;
    this._due ??= window.setTimeout(() => {
      this._due = undefined;
      this._draw();
    }, TOGETHER);
  }

  /** Show everybody where they are. */
  _draw() {
    if (this._panel.isDisposed) return;
    const places = this._cellsOfPeople();
    for (const cell of this._marked) if (!places.has(cell)) this._drawIn(cell, []);
    for (const [cell, people] of places) this._drawIn(cell, people);
    this._marked = new Set(places.keys());
  }

  /** @returns {Map<CellWidget, Person[]>} */
  _cellsOfPeople() {
    /** @type {Map<CellWidget, Person[]>} */
    const found = new Map();
    if (!this._people.size) return found;
    this._learn();
    const widgets = this._panel.content.widgets;
    const byId = new Map(widgets.map(one => [one.model.sharedModel.getId(), one]));
    const byCell = new Map(widgets.map(one => [one.model.sharedModel, one]));
    for (const person of this._people.values()) {
      const { at } = person;
      if (!at) continue;
      const cell = at.cell ? undefined : this._places.cell(at.version, at.place);
      const widget = at.cell ? byId.get(at.cell) : cell && byCell.get(cell);
      if (widget) found.set(widget, [...(found.get(widget) ?? []), person]);
    }
    return found;
  }

  /**
   * @param {CellWidget} cell
   * @param {Person[]} people
   */
  _drawIn(cell, people) {
    if (cell.isDisposed) return;
    markCell(cell.node, people, this._around.words);
    const editor = viewIn(cell);
    if (editor) this._carets.show(editor, this._caretsIn(cell, people));
    else if (people.length && !this._awaited.has(cell)) {
      this._awaited.add(cell);
      void cell.ready.then(() => {
        this._awaited.delete(cell);
        this._drawSoon();
      });
    }
  }

  /**
   * @param {CellWidget} cell
   * @param {Person[]} people
   */
  _caretsIn(cell, people) {
    const shared = cell.model.sharedModel;
    const now = shared.getSource();
    const carried = carrier(this._knownText(shared) ?? now, now);
    return people.map(({ id, name, colour, at, moved }) => ({
      ...{ id, name, moved, ...paintOf(colour) },
      ranges: (at?.ranges ?? []).map(([anchor, head]) => /** @type {const} */ ([carried(anchor), carried(head)]))
    }));
  }

  /** What the server and this page had last in a cell. @param {SharedCell} shared @returns {string | null} */
  _knownText(shared) {
    const synced = this._around.provider.synced(this._panel.context.path);
    const cells = /** @type {Json[]} */ (synced?.content.cells ?? []);
    const id = shared.getId();
    const named = cells.find(one => one.id === id);
    const place = named ? null : this._places.of(shared);
    const found = named ?? (place && place.version === synced?.version ? cells[place.place] : null);
    return found ? joined(found.source) : null;
  }

  /** Where this page is, for the others. @returns {Json | null} */
  _where() {
    const { activeCell, mode } = this._panel.content;
    if (!activeCell) return null;
    const synced = this._learn();
    const shared = activeCell.model.sharedModel;
    const isNamed = synced?.content.cells[0]?.id !== undefined;
    const place = isNamed ? null : this._places.of(shared);
    const id = shared.getId();
    if (isNamed ? id.length > LONGEST_ID : !place) return null;
    const editor = mode === 'edit' ? viewIn(activeCell) : null;
    const ranges = (editor?.state.selection.ranges ?? []).slice(0, MOST_RANGES);
    const now = shared.getSource();
    const carried = carrier(now, ranges.length ? (this._knownText(shared) ?? now) : now);
    return {
      cell: isNamed ? id : '',
      place: place?.place ?? 0,
      version: place?.version ?? synced?.version ?? '',
      ranges: ranges.map(({ anchor, head }) => [carried(anchor), carried(head)])
    };
  }

  /** @param {Person | undefined} person */
  _widgetOf(person) {
    for (const [cell, people] of this._cellsOfPeople()) if (person && people.includes(person)) return cell;
    return null;
  }

  /** @param {Person | undefined} person */
  _numberOf(person) {
    const cell = this._widgetOf(person);
    return cell ? this._panel.content.widgets.indexOf(cell) + 1 : 0;
  }

  /** @param {Person | undefined} person */
  async _go(person) {
    const cell = this._widgetOf(person);
    if (!cell || !person) return;
    const view = await this._goTo(cell.model.sharedModel);
    const [caret] = view ? this._caretsIn(cell, [person]) : [];
    if (view && caret?.ranges.length) this._carets.reveal(view, caret.ranges[0][1]);
  }

  /** @param {SharedCell | undefined} shared the cell that changed last, if it is not known */
  async _goTo(shared = this._last) {
    const { content } = this._panel;
    const place = content.widgets.findIndex(one => one.model.sharedModel === shared);
    if (place < 0) return null;
    const going = goToCell(this._panel, place, false);
    content.activate();
    return going;
  }
}

/** @param {Json} message @returns {Program[]} */
function programsIn({ programs }) {
  const now = performance.now();
  return /** @type {Json[]} */ (programs).map(({ name, ago }) => ({ name, saved: now - 1000 * ago }));
}
