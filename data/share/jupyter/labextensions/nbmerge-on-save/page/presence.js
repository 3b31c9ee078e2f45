/**
 * Owns: in which notebooks of this page others are shown, and when it is looked at again.
 * Must not know: who they are, how anything is said or drawn.
 * Invariant: a page is there once in each notebook that takes part, however many views it has, and only as long as
 * it does.
 */

import { Carets } from './presence-carets.js';
import { codeMirrorIn } from './cell-editors.js';
import { bringStyle } from './elements.js';
import { NotebookPresence } from './presence-notebook.js';

/** @typedef {import('./plugin.js').Page} Page */
/** @typedef {import('./presence-notebook.js').Surroundings} Surroundings */
/** @typedef {import('./replica.js').SaveAnswer} SaveAnswer */
/** @typedef {import('./replica.js').PullAnswer} PullAnswer */
/** @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel */
/** @typedef {NotebookPanel['context']} Context */

const LOOK = 5000; // milliseconds between two looks at whether a connection is silent, and at what gets old

/** Show who else is in the notebooks of this page, and that it is. @param {Page} page */
export async function showPresence(page) {
  const carets = new Carets(await codeMirrorIn(page.shared));
  const { URLExt } = await page.shared('@jupyterlab/coreutils');
  const { provider, server, words, Widget } = page;
  const around = { Widget, URLExt, settings: server.settings, words, provider, carets };
  const presence = new PagePresence(around);
  bringStyle('presence.css');
  provider.listen({
    joined: context => presence.joined(context),
    left: context => presence.left(context),
    told: (context, answer) => presence.told(context, answer)
  });
  page.eachPanel(panel => presence.attach(panel));
  document.addEventListener('selectionchange', () => presence.moved());
  window.addEventListener('online', () => presence.reopen());
  window.setInterval(() => presence.look(), LOOK);
}

/** The people in the notebooks of this page. */
class PagePresence {
  /** @param {Surroundings} around */
  constructor(around) {
    this._around = around;
    /** Of several views of a notebook one tells where this page is: nobody is beside themselves. */
    this._notebooks = /** @type {Map<Context, {panel: NotebookPanel, shown: NotebookPresence}>} */ (new Map());
    /** @type {Set<NotebookPanel>} */
    this._panels = new Set();
  }

  /** A panel was opened. @param {NotebookPanel} panel */
  attach(panel) {
    const { context } = panel;
    this._panels.add(panel);
    panel.disposed.connect(() => {
      this._panels.delete(panel);
      if (this._notebooks.get(context)?.panel !== panel) return;
      this.left(context);
      this.joined(context);
    });
    this.joined(context);
  }

  /** It may take part. @param {Context} context */
  joined(context) {
    const panel = [...this._panels].find(one => one.context === context && !one.isDisposed);
    if (!panel || this._notebooks.has(context) || !this._around.provider.synced(context.path)) return;
    this._notebooks.set(context, { panel, shown: new NotebookPresence(panel, this._around) });
  }

  /** It takes no part any more. @param {Context} context */
  left(context) {
    this._notebooks.get(context)?.shown.close();
    this._notebooks.delete(context);
  }

  /**
   * A notebook was saved, or something came into it.
   * @param {Context} context
   * @param {SaveAnswer | PullAnswer} answer
   */
  told(context, answer) {
    this._notebooks.get(context)?.shown.told(answer);
  }

  moved() {
    for (const { shown } of this._notebooks.values()) shown.line.moved();
  }

  reopen() {
    for (const { shown } of this._notebooks.values()) shown.line.reopen();
  }

  look() {
    for (const { shown } of this._notebooks.values()) shown.look();
  }
}
