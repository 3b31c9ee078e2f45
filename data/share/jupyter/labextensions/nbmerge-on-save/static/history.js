/**
 * Owns: where the history of notebooks has its place in JupyterLab and Notebook: the side panel, the commands.
 * Must not know: what is in the panel.
 * Invariant: where no notebook with a history is looked at, the commands that need one cannot be given.
 */

import { element } from './elements.js';
import { HistoryPanel } from './history-panel.js';

/** @typedef {import('@jupyterlab/application').JupyterFrontEnd} JupyterFrontEnd */
/** @typedef {import('@jupyterlab/application').ILayoutRestorer} Restorer */
/** @typedef {import('@jupyterlab/apputils').ICommandPalette} Palette */
/** @typedef {import('@jupyterlab/notebook').INotebookTracker} Tracker */
/** @typedef {import('./server.js').NbmergeServer} NbmergeServer */
/** @typedef {import('./words.js').Words} Words */
/**
 * @typedef {object} Page
 * @property {JupyterFrontEnd} app
 * @property {Tracker} tracker
 * @property {NbmergeServer} server
 * @property {Words} words
 * @property {(path: string) => boolean} has whether a notebook takes part
 * @property {(heard: (path: string) => void) => void} listen
 * @property {Palette | null} palette
 * @property {Restorer | null} restorer
 */

const ID = 'nbmerge-history';
const HISTORY = 'nbmerge:show-history';
const PREVIOUS = 'nbmerge:restore-previous';
const LOST = 'nbmerge:show-lost';
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
<path class="jp-icon3" fill="#616161"
d="M13 3a9 9 0 0 0-9 9H1l4 4 4-4H6a7 7 0 1 1 2.1 5l-1.4 1.4A9 9 0 1 0 13 3zm-1 5v5l4.2 2.5.8-1.2-3.5-2.1V8z"/></svg>`;

/**
 * @param {Page} page
 * @param {(name: string) => Promise<any>} shared
 */
export async function showHistory({ app, tracker, server, words, has, listen, palette, restorer }, shared) {
  /** @type {{Widget: typeof import('@lumino/widgets').Widget}} */
  const { Widget } = await shared('@lumino/widgets');
  const { LabIcon } = await shared('@jupyterlab/ui-components');
  document.head.append(element('link', { rel: 'stylesheet', href: new URL('history.css', import.meta.url).href }));
  let panel = /** @type {HistoryPanel | null} */ (null);
  class Side extends Widget {
    /** @param {import('@lumino/messaging').Message} message */
    onAfterShow(message) {
      super.onAfterShow(message);
      panel?.shown();
    }
  }
  const widget = new Side();
  widget.id = ID;
  widget.addClass('nbmerge-history');
  widget.title.icon = new LabIcon({ name: 'nbmerge:history', svgstr: ICON });
  widget.title.caption = words.__('History of the notebook (nbmerge)');
  widget.node.setAttribute('role', 'region');
  widget.node.setAttribute('aria-label', words.__('History of the notebook'));
  panel = new HistoryPanel(widget, words, server);
  follow(panel, tracker, has);
  listen(path => panel.changed(path));
  app.shell.add(widget, 'right', { rank: 650, type: 'nbmerge' });
  restorer?.add(widget, ID);
  addCommands(app, panel, words, () => has(tracker.currentWidget?.context.path ?? ''));
  for (const command of [HISTORY, PREVIOUS, LOST]) palette?.addItem({ command, category: words.__('nbmerge') });
}

/**
 * @param {HistoryPanel} panel
 * @param {Tracker} tracker
 * @param {(path: string) => boolean} has
 */
function follow(panel, tracker, has) {
  /** @type {import('@jupyterlab/notebook').NotebookPanel | null} */
  let followed = null;
  const look = () => {
    const path = followed?.context.path ?? '';
    panel.follow(followed, has(path) ? path : '');
  };
  const change = () => {
    followed?.context.pathChanged.disconnect(look);
    followed?.context.saveState.disconnect(look);
    followed = tracker.currentWidget;
    followed?.context.pathChanged.connect(look);
    followed?.context.saveState.connect(look);
    look();
    // It takes part in the microtasks after its page is ready, and a moment later.
    void followed?.context.ready.then(() => setTimeout(look, 50));
  };
  tracker.currentChanged.connect(change);
  change();
}

/**
 * @param {JupyterFrontEnd} app
 * @param {HistoryPanel} panel
 * @param {Words} words
 * @param {() => boolean} isEnabled
 */
function addCommands(app, panel, words, isEnabled) {
  const { commands, shell } = app;
  /** @param {boolean} isLost */
  const show = isLost => {
    shell.activateById(ID);
    panel.choose(isLost);
    panel.shown();
    panel.focus();
  };
  commands.addCommand(HISTORY, { label: words.__('Show History of the Notebook'), execute: () => show(false) });
  commands.addCommand(LOST, { label: words.__('Show What Is Lost of the Notebook'), execute: () => show(true) });
  commands.addCommand(PREVIOUS, {
    label: words.__('Restore the Previous Version of the Notebook'),
    isEnabled,
    execute: async () => {
      shell.activateById(ID);
      await panel.restorePrevious();
    }
  });
}
