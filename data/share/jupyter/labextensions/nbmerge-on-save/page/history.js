/**
 * Owns: where the history of notebooks has its place in JupyterLab and Notebook: the side panel, the commands.
 * Must not know: what is in the panel.
 * Invariant: where no notebook with a history is looked at, the commands that need one cannot be given.
 */

import { addCommand } from './commands.js';
import { bringStyle } from './elements.js';
import { HistoryPanel } from './history-panel.js';

/** @typedef {import('./plugin.js').Page} Page */

const ID = 'nbmerge-history';
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
<path class="jp-icon3" fill="#616161"
d="M13 3a9 9 0 0 0-9 9H1l4 4 4-4H6a7 7 0 1 1 2.1 5l-1.4 1.4A9 9 0 1 0 13 3zm-1 5v5l4.2 2.5.8-1.2-3.5-2.1V8z"/></svg>`;

/** Give the history of notebooks its place. @param {Page} page */
export async function showHistory(page) {
  const { app, server, words, Widget, shared, restorer } = page;
  const { LabIcon } = await shared('@jupyterlab/ui-components');
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
  bringStyle('history.css');
  follow(panel, page);
  app.shell.add(widget, 'right', { rank: 650, type: 'nbmerge' });
  restorer?.add(widget, ID);
  addCommands(page, panel);
}

/**
 * Have the panel show the notebook that is looked at, as long as it takes part.
 * @param {HistoryPanel} panel
 * @param {Page} page
 */
function follow(panel, { tracker, provider, hear }) {
  /** @type {import('@jupyterlab/notebook').NotebookPanel | null} */
  let followed = null;
  const look = () => {
    const path = followed?.context.path ?? '';
    panel.follow(followed, provider.has(path) ? path : '');
  };
  const change = () => {
    followed?.context.pathChanged.disconnect(look);
    followed = tracker.currentWidget;
    followed?.context.pathChanged.connect(look);
    void followed?.context.ready.then(look);
    look();
  };
  tracker.currentChanged.connect(change);
  provider.listen({ joined: look, left: look });
  hear(path => panel.changed(path));
  change();
}

/**
 * @param {Page} page
 * @param {HistoryPanel} panel
 */
function addCommands(page, panel) {
  const { app, tracker, provider, words } = page;
  /** @param {boolean} isLost */
  const show = isLost => {
    app.shell.activateById(ID);
    panel.choose(isLost);
    panel.shown();
    panel.focus();
  };
  addCommand(page, 'show-history', {
    label: words.__('Show History of the Notebook'),
    execute: () => show(false)
  });
  addCommand(page, 'restore-previous', {
    label: words.__('Restore the Previous Version of the Notebook'),
    isEnabled: () => provider.has(tracker.currentWidget?.context.path ?? ''),
    execute: async () => {
      app.shell.activateById(ID);
      await panel.restorePrevious();
    }
  });
  addCommand(page, 'show-lost', {
    label: words.__('Show What Is Lost of the Notebook'),
    execute: () => show(true)
  });
}
