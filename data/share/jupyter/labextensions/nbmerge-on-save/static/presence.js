/**
 * Owns: in which notebooks of this page others are shown, and when it is looked at again.
 * Must not know: who they are, how anything is said or drawn.
 * Invariant: a page is there once in each notebook that takes part, however many views it has; an error in it
 * disturbs no save.
 */

import { Carets } from './carets.js';
import { bringLook } from './presence-look.js';
import { NotebookPresence } from './presence-notebook.js';

/** @typedef {import('./presence-notebook.js').Surroundings} Surroundings */
/** @typedef {import('./replica.js').SaveAnswer} SaveAnswer */
/** @typedef {import('./replica.js').PullAnswer} PullAnswer */
/** @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel */

const LOOK = 5000; // milliseconds between two looks at whether a connection is silent, and at what gets old
const [FIRST_TRY, LAST_TRY] = [10, 60_000]; // milliseconds until it is looked again whether a notebook takes part

/** The people in the notebooks of this page. */
export class PagePresence {
  /**
   * @param {Surroundings} surroundings
   * @param {Carets} carets
   */
  constructor(surroundings, carets) {
    this._surroundings = surroundings;
    this._carets = carets;
    /** @type {Map<NotebookPanel, NotebookPresence>} */
    this._notebooks = new Map();
    /** @type {Set<NotebookPanel>} */
    this._panels = new Set();
    /** @type {WeakMap<NotebookPanel, number>} */
    this._trying = new WeakMap();
    bringLook();
    const moved = () => {
      for (const one of this._notebooks.values()) one.line.moved();
    };
    document.addEventListener('selectionchange', moved);
    window.addEventListener('online', () => this._notebooks.forEach(one => one.line.reopen()));
    window.setInterval(() => this._notebooks.forEach(one => one.look()), LOOK);
  }

  /** A panel was opened. @param {NotebookPanel} panel */
  attach(panel) {
    const { context } = panel;
    this._panels.add(panel);
    panel.disposed.connect(() => {
      this._panels.delete(panel);
      this._notebooks.get(panel)?.line.close();
      this._notebooks.delete(panel);
      for (const other of this._panels) if (other.context === context) this._begin(other);
    });
    void context.ready.then(() => this._begin(panel));
  }

  /**
   * Be there, as soon as the notebook takes part.  Of several views of one notebook one tells where this page is:
   * nobody is beside themselves.
   * @param {NotebookPanel} panel
   * @param {number} [pause] milliseconds
   */
  _begin(panel, pause = FIRST_TRY) {
    if (panel.isDisposed || [...this._notebooks.keys()].some(one => one.context === panel.context)) return;
    if (this._surroundings.synced(panel.context.path)) {
      this._notebooks.set(panel, new NotebookPresence(panel, this._surroundings, this._carets));
    } else {
      clearTimeout(this._trying.get(panel));
      const again = () => this._begin(panel, Math.min(2 * pause, LAST_TRY));
      this._trying.set(panel, window.setTimeout(again, pause));
    }
  }

  /**
   * A notebook was saved, or something came into it.
   * @param {string} path
   * @param {SaveAnswer | PullAnswer} answer
   */
  told(path, answer) {
    try {
      for (const [panel, one] of this._notebooks) if (panel.context.path === path) one.told(answer);
    } catch (error) {
      console.warn('nbmerge: who is here is not shown as it is:', error); // the save has been made
    }
  }
}

/**
 * The people of this page's notebooks, drawn with the page's own CodeMirror; null where it has none to share.
 * @param {(name: string) => Promise<any>} shared
 * @param {Surroundings} surroundings
 */
export async function presenceIn(shared, surroundings) {
  const [view, state] = [await shared('@codemirror/view'), await shared('@codemirror/state')];
  return view?.layer && state ? new PagePresence(surroundings, new Carets(view, state)) : null;
}
