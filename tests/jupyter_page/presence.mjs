/**
 * The modules of presence under node, told what to do line by line, with a connection and a clock that stand still
 * until they are told.
 */

import { pathToFileURL } from 'node:url';

import { answer } from '../helpers/answering.mjs';

const [, , folder] = process.argv;
const load = name => import(pathToFileURL(`${folder}/${name}`).href);
const { carrier, Places } = await load('presence-places.js');
const { PresenceLine } = await load('presence-line.js');
const { goToCell } = await load('cell-editors.js');

/** A cell as JupyterLab has it: it keeps in the notebook what is folded, and shows what is not only a little later. */
class Folding {
  ready = Promise.resolve();
  editor = { editor: 'its view' };

  constructor(notebook, { heading = false, under = false, input = false }) {
    Object.assign(this, { notebook, _heading: heading, _input: input, isHidden: under });
  }
  get headingCollapsed() {
    return this._heading;
  }
  set headingCollapsed(closed) {
    if (closed !== this._heading) this.notebook.written++;
    this._heading = closed;
  }
  get inputHidden() {
    return this._input;
  }
  set inputHidden(hidden) {
    if (hidden !== this._input) this.notebook.written++;
    this._input = hidden;
  }
}

/** A page with a connection; everything that it did is in `log`. */
class Page {
  constructor() {
    this.now = 0;
    this.log = [];
    this.timers = [];
    this.alone = true;
    this.at = { cell: 'one' };
    this.sockets = [];
    this.line = new PresenceLine({
      connect: () => this.connect(),
      heard: message => this.log.push({ heard: message }),
      lost: () => {
        this.alone = true;
        this.log.push({ lost: this.now });
      },
      where: () => this.at,
      alone: () => this.alone,
      later: (work, after) => void this.timers.push({ at: this.now + after, work }),
      now: () => this.now
    });
  }

  connect() {
    const socket = {
      send: text => this.log.push({ said: JSON.parse(text), now: this.now }),
      close: () => this.log.push({ closed: this.now })
    };
    this.log.push({ connected: this.now });
    this.sockets.push(socket);
    return socket;
  }

  pass(milliseconds) {
    const end = this.now + milliseconds;
    for (;;) {
      this.timers.sort((a, b) => a.at - b.at);
      if (!this.timers.length || this.timers[0].at > end) break;
      const { at, work } = this.timers.shift();
      this.now = Math.max(this.now, at);
      work();
    }
    this.now = end;
  }
}

let page = new Page();
const commands = {
  carry: ({ old, now, offset }) => carrier(old, now)(offset),
  places: ({ versions, ask, cell }) => {
    const places = new Places();
    for (const [version, cells] of versions) places.learn(version, cells);
    return { cell: places.cell(...ask) ?? null, of: places.of(cell) };
  },
  go: async ({ cells, place, unfolds }) => {
    const content = { written: 0, deselectAll: () => undefined, scrollToItem: async () => undefined };
    content.widgets = cells.map(cell => new Folding(content, cell));
    Object.defineProperty(content, 'activeCell', { get: () => content.widgets[content.activeCellIndex] });
    const view = await goToCell({ content }, place, unfolds);
    return { at: content.activeCellIndex, view, written: content.written };
  },
  start: () => void (page = new Page()),
  open: () => page.sockets.at(-1).onopen(),
  hear: ({ text }) => page.sockets.at(-1).onmessage({ data: text }),
  end: ({ code }) => page.sockets.at(-1).onclose({ code }),
  with: ({ others }) => void (page.alone = !others),
  move: ({ at }) => {
    page.at = at;
    page.line.moved();
  },
  call: ({ name }) => page.line[name](),
  pass: ({ milliseconds }) => page.pass(milliseconds),
  log: () => page.log.splice(0)
};

await answer(commands, () => ({ requests: [], errors: [], later: 0 }));
