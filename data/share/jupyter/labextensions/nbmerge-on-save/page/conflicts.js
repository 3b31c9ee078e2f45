/**
 * Owns: what a page has for conflicts beside the cells: commands, and the count that is a button to the next one.
 * Must not know: how conflicts are found, shown and settled.
 * Invariant: every button that a conflict has is a command, too; all that is said is plain text in the theme's colours.
 */

import { codeMirrorIn } from './cell-editors.js';
import { addCommand } from './commands.js';
import { conflictMarks } from './conflict-marks.js';
import { NotebookConflicts } from './conflict-notebook.js';
import { bringStyle, button, call } from './elements.js';
import { putInStatus } from './status.js';

/** @typedef {import('./cell-editors.js').CodeMirror} CodeMirror */
/** @typedef {import('./plugin.js').Page} Page */
/** @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel */

/** Show the conflicts of this page's notebooks. @param {Page} page */
export async function showConflicts(page) {
  const conflicts = new PageConflicts(page, await codeMirrorIn(page.shared));
  bringStyle('conflicts.css');
  /** @param {NotebookPanel['context']} context */
  const look = context => conflicts.look(context);
  page.provider.listen({ joined: look, told: look });
  page.eachPanel(panel => conflicts.attach(panel));
  page.tracker.currentChanged.connect(() => conflicts.changed());
}

/** The conflicts of this page's notebooks, and of them those of the one that is looked at. */
class PageConflicts {
  /**
   * @param {Page} page
   * @param {CodeMirror} codeMirror
   */
  constructor(page, codeMirror) {
    const { app, tracker, provider, server, sent, words } = page;
    this._words = words;
    this._tracker = tracker;
    this._commands = app.commands;
    /** @type {Map<NotebookPanel, NotebookConflicts>} */
    this._open = new Map();
    const marks = conflictMarks(codeMirror);
    this._shared = { provider, server, sent, words, marks, changed: () => this.changed() };
    this._has = false;
    this._count = button('', () => void this._current?.go(1), { class: 'nbmerge-conflict-count' });
    const widget = new page.Widget();
    widget.addClass('nbmerge-conflict-counting');
    widget.node.append(this._count);
    putInStatus(page, widget, 'conflicts', 1);
    this._names = this._addCommands(page);
  }

  /** Conflicts may have come into a notebook. @param {NotebookPanel['context']} context */
  look(context) {
    for (const [panel, one] of this._open) if (panel.context === context) one.later(0);
  }

  /** @param {NotebookPanel} panel */
  attach(panel) {
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

  /** There may be others in the notebook that is looked at. */
  changed() {
    const count = this._current?.places.length ?? 0;
    const text = count ? this._words._n('%1 conflict', '%1 conflicts', count) : '';
    if (this._count.textContent !== text) {
      this._count.textContent = text; // without a text it is not shown
      call(this._count, this._words.__('%1 in this notebook: go to the next one', text));
    }
    if (this._has === count > 0) return;
    this._has = count > 0;
    for (const name of this._names) this._commands.notifyCommandChanged(name); // all would draw all menus anew
  }

  /** @param {Page} page */
  _addCommands(page) {
    const words = this._words;
    /** @type {[string, string, (conflicts: NotebookConflicts) => Promise<void>][]} */
    const commands = [
      ['next-conflict', words.__('Next Conflict'), one => one.go(1)],
      ['previous-conflict', words.__('Previous Conflict'), one => one.go(-1)],
      ['take-mine', words.__('Settle the Conflict: Mine, or the Upper Side'), one => one.take('mine')],
      ['take-theirs', words.__('Settle the Conflict: Theirs, or the Lower Side'), one => one.take('theirs')],
      ['take-both', words.__('Settle the Conflict: Both'), one => one.take('both')],
      ['take-base', words.__('Settle the Conflict: What Was There Before'), one => one.take('base')]
    ];
    return commands.map(([name, label, work]) =>
      addCommand(page, name, {
        label,
        isEnabled: () => Boolean(this._current?.places.length),
        execute: async () => {
          const current = this._current;
          if (current) await work(current);
        }
      })
    );
  }
}
