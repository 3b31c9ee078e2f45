/**
 * Owns: what a page has for conflicts beside the cells: commands, their entries in the palette, and the count that is a
 * button to the next one.
 * Must not know: how conflicts are found, shown and settled.
 * Invariant: every button that a conflict has is a command, too; all that is said is plain text in the theme's colours.
 */

import { conflictMarks } from './conflict-marks.js';
import { NotebookConflicts } from './conflicts.js';

/** @typedef {import('@jupyterlab/application').JupyterFrontEnd} JupyterFrontEnd */
/** @typedef {import('@jupyterlab/notebook').INotebookTracker} Tracker */
/** @typedef {import('@jupyterlab/statusbar').IStatusBar} StatusBar */
/** @typedef {import('./words.js').Words} Words */
/**
 * What of the page is needed; where there is no palette or bar, there are no entries in it.
 * @typedef {object} Page
 * @property {JupyterFrontEnd} app
 * @property {Tracker} tracker
 * @property {import('./server.js').NbmergeServer} server
 * @property {import('./conflicts.js').Shared['replica']} replica
 * @property {typeof import('@lumino/widgets').Widget} Widget
 * @property {typeof import('@codemirror/state')} cmState
 * @property {typeof import('@codemirror/view')} cmView
 * @property {StatusBar} [bar]
 * @property {import('@jupyterlab/apputils').ICommandPalette} [palette]
 * @property {Words} words
 */

export class Conflicts {
  /** @param {Page} page */
  constructor(page) {
    const { app, tracker, server, replica, words, cmState, cmView } = page;
    this.words = words;
    this._tracker = tracker;
    /** @type {Map<import('@jupyterlab/notebook').NotebookPanel, NotebookConflicts>} */
    this._open = new Map();
    this._shared = {
      server,
      replica,
      words,
      marks: conflictMarks(cmState, cmView),
      changed: () => this._changed()
    };
    this._app = app;
    this._has = false;
    /** @type {string[]} */
    this._names = [];
    this._count = countOf(page, () => void this._current?.go(1));
    addStyle();
    this._addCommands(page);
    tracker.forEach(panel => this._attach(panel));
    tracker.widgetAdded.connect((_, panel) => this._attach(panel));
    tracker.currentChanged.connect(() => this._changed());
  }

  /** Conflicts may have come into a notebook. @param {string} path */
  look(path) {
    for (const [panel, one] of this._open) if (panel.context.path === path) one.later(0);
  }

  /** @param {import('@jupyterlab/notebook').NotebookPanel} panel */
  _attach(panel) {
    void panel.context.ready.then(() => {
      if (panel.isDisposed || this._open.has(panel)) return;
      this._open.set(panel, new NotebookConflicts(panel, this._shared));
      panel.disposed.connect(() => this._open.delete(panel));
    });
  }

  /** Of the notebook that is looked at. @returns {NotebookConflicts | undefined} */
  get _current() {
    const panel = this._tracker.currentWidget;
    return panel ? this._open.get(panel) : undefined;
  }

  _changed() {
    const count = this._current?.places.length ?? 0;
    const text = this.words._n('%1 conflict', '%1 conflicts', count);
    this._count.show(count ? text : '', this.words.__('%1 in this notebook: go to the next one', text));
    if (this._has === count > 0) return;
    this._has = count > 0;
    for (const name of this._names) this._app.commands.notifyCommandChanged(name); // all would draw all menus anew
  }

  /** @param {Page} page */
  _addCommands({ app, palette }) {
    const say = (/** @type {string} */ text) => this.words.__(text);
    /** @type {[string, string, (conflicts: NotebookConflicts) => Promise<void>][]} */
    const commands = [
      ['next-conflict', say('Next Conflict'), one => one.go(1)],
      ['previous-conflict', say('Previous Conflict'), one => one.go(-1)],
      ['take-mine', say('Settle the Conflict: Mine, or the Upper Side'), one => one.take('mine')],
      ['take-theirs', say('Settle the Conflict: Theirs, or the Lower Side'), one => one.take('theirs')],
      ['take-both', say('Settle the Conflict: Both'), one => one.take('both')],
      ['take-base', say('Settle the Conflict: What Was There Before'), one => one.take('base')]
    ];
    for (const [name, label, work] of commands) {
      const command = `nbmerge:${name}`;
      this._names.push(command);
      app.commands.addCommand(command, {
        label,
        isEnabled: () => Boolean(this._current?.places.length),
        execute: async () => {
          const current = this._current;
          if (current) await work(current);
        }
      });
      palette?.addItem({ command, category: 'nbmerge' });
    }
  }
}

/**
 * The count: in the status bar; Notebook has none: there at the top.
 * @param {Page} page
 * @param {() => void} pressed
 */
function countOf({ app, bar, Widget }, pressed) {
  const widget = new Widget();
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'nbmerge-conflict-count';
  button.addEventListener('click', pressed);
  widget.node.append(button);
  widget.hide();
  if (bar) {
    const place = /** @type {const} */ ({ align: 'left', rank: 21, priority: 2 });
    bar.registerStatusItem('nbmerge-on-save:conflicts', { item: widget, ...place });
  } else {
    widget.id = 'nbmerge-on-save-conflicts';
    app.shell.add(widget, 'top', { rank: 10_001 });
  }
  return {
    /** @param {string} text @param {string} hint */
    show(text, hint) {
      if (button.textContent === text) return;
      button.textContent = text;
      button.title = hint;
      button.setAttribute('aria-label', hint);
      widget.setHidden(!text);
    }
  };
}

function addStyle() {
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = new URL('conflicts.css', import.meta.url).href;
  document.head.append(link);
}
