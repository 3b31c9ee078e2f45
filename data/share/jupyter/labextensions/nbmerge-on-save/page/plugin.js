/**
 * Owns: what JupyterLab and Notebook load: whether nbmerge acts in this page, and what of it.
 * Must not know: how notebooks are saved and merged, what the parts of the page show.
 * Invariant: where it does not act, nothing of the application is changed.  Notebooks are saved and merged before
 * anything is shown, and as ever where a part that shows something fails.
 */

import { askProvider, driveOf, stockOf } from './hook.js';
import { OwnSaves } from './own-saves.js';
import { NotebookProvider } from './provider.js';
import { NbmergeServer } from './server.js';
import { StatusNote } from './status.js';
import { wordsOf } from './words.js';

/** @typedef {import('@jupyterlab/application').JupyterFrontEnd} JupyterFrontEnd */
/** @typedef {import('@jupyterlab/notebook').INotebookTracker} Tracker */
/** @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel */
/** @typedef {import('@jupyterlab/settingregistry').ISettingRegistry} Settings */
/** @typedef {(name: string) => Promise<any>} Shared a module that all of the page share, or null */
/** @typedef {(path: string, version: string, tab: string) => void} Heard */
/**
 * What the parts of a page have; what this application has not is undefined.
 * @typedef {object} Page
 * @property {JupyterFrontEnd} app
 * @property {Tracker} tracker
 * @property {NotebookProvider} provider
 * @property {NbmergeServer} server
 * @property {OwnSaves} sent the tokens of what was saved from this tab
 * @property {import('./words.js').Words} words
 * @property {typeof import('@lumino/widgets').Widget} Widget
 * @property {Shared} shared
 * @property {(attach: (panel: NotebookPanel) => void) => void} eachPanel that is open, and each that comes
 * @property {(heard: Heard) => void} hear of files that change
 * @property {import('@jupyterlab/statusbar').IStatusBar} [bar]
 * @property {import('@jupyterlab/apputils').ICommandPalette} [palette]
 * @property {import('@jupyterlab/application').ILayoutRestorer} [restorer]
 */

const ID = 'nbmerge-on-save:plugin';
const EVENT = 'https://schema.nbmerge.dev/notebook/v1';
const PATIENCE = 10_000; // milliseconds for what is shown
const LOOK = 30_000; // milliseconds: events are hints, and may be missed

/**
 * @param {Shared} shared
 * @returns {Promise<import('@jupyterlab/application').JupyterFrontEndPlugin<void>[]>}
 */
export async function plugins(shared) {
  /** @param {string} name */
  const library = async name => (await shared(name)) ?? {};
  const { INotebookTracker, INotebookWidgetFactory } = await library('@jupyterlab/notebook');
  const { PageConfig } = await library('@jupyterlab/coreutils');
  const tokens = {
    factory: INotebookWidgetFactory,
    settings: (await library('@jupyterlab/settingregistry')).ISettingRegistry,
    bar: (await library('@jupyterlab/statusbar')).IStatusBar,
    palette: (await library('@jupyterlab/apputils')).ICommandPalette,
    translator: (await library('@jupyterlab/translation')).ITranslator,
    restorer: (await library('@jupyterlab/application')).ILayoutRestorer,
    rooms: (await library('@jupyter/collaborative-drive')).ICollaborativeContentProvider
  };
  const there = Object.entries(tokens).filter(([, token]) => token);
  return [
    {
      id: ID,
      description: 'Open notebooks take in what others save, and a save overwrites nobody.',
      autoStart: true,
      requires: [INotebookTracker],
      optional: there.map(([, token]) => token),
      activate: async (app, /** @type {Tracker} */ tracker, /** @type {any[]} */ ...given) => {
        const named = Object.fromEntries(there.map(([name], i) => [name, given[i]]));
        const { factory, settings, translator, rooms, ...places } = named;
        const isRoom = rooms && PageConfig.getOption('disableRTC') !== 'true';
        const drive = driveOf(app);
        const server = new NbmergeServer(await librariesIn(shared), drive.serverSettings);
        const why = isRoom ? 'documents are shared (jupyter-collaboration)' : await whyNot(server, settings);
        if (why) {
          console.info(`nbmerge does not act in this page: ${why}`);
          return;
        }
        const stock = stockOf(drive);
        const sent = ownSaves();
        const provider = new NotebookProvider(server, stock, tabName(), sent);
        askProvider(app, provider, stock, rooms ? undefined : factory);
        const eachPanel = panelsOf(tracker);
        eachPanel(panel => provider.attach(panel));
        const hear = changesIn(app);
        listen(hear, provider);
        const { Widget } = await library('@lumino/widgets');
        const words = wordsOf(translator);
        const page = { app, tracker, provider, server, sent, words, Widget, shared, eachPanel, hear };
        const failed = (/** @type {unknown} */ error) => console.warn('nbmerge says nothing here:', error);
        const shown = show({ ...places, ...page }, settings).catch(failed);
        await Promise.race([shown, new Promise(done => setTimeout(done, PATIENCE))]); // JupyterLab's start waits for it
      }
    }
  ];
}

/** @param {Shared} shared @returns {Promise<import('./server.js').Libraries>} */
async function librariesIn(shared) {
  const [{ ServerConnection }, { URLExt }] = [
    await shared('@jupyterlab/services'),
    await shared('@jupyterlab/coreutils')
  ];
  return { ServerConnection, URLExt };
}

/** What was saved from this tab, for as long as it is there. */
function ownSaves() {
  const sent = new OwnSaves(storage());
  window.addEventListener('pagehide', () => sent.left());
  window.addEventListener('pageshow', () => sent.returned()); // it comes out of the browser's cache
  return sent;
}

/** What the browser keeps for as long as the tab is there; null: it is not allowed to. */
function storage() {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}

/** A name for this page that no other has. */
const tabName = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;

/**
 * Each panel by itself: one that fails leaves out no other, and none that comes.
 * @param {Tracker} tracker
 * @returns {Page['eachPanel']}
 */
const panelsOf = tracker => attach => {
  const attached = (/** @type {NotebookPanel} */ panel) => {
    try {
      attach(panel);
    } catch (error) {
      console.warn('nbmerge leaves a notebook out:', error);
    }
  };
  tracker.forEach(attached);
  tracker.widgetAdded.connect((_, panel) => attached(panel));
};

/**
 * What people see.  No part of it is needed: what fails is said once, and is not there.
 * @param {Page} page
 * @param {Settings | undefined} settings
 */
async function show(page, settings) {
  const { words } = page;
  let status = /** @type {StatusNote | null} */ (null);
  /** @type {[string, () => Promise<void>][]} */
  const parts = [
    [words.__('what came from others'), async () => void (status = new StatusNote(page))],
    [
      words.__('who else is here'),
      async () => {
        if (await isOn(settings, 'presence')) await (await import('./presence.js')).showPresence(page);
      }
    ],
    [words.__('buttons for conflicts'), async () => (await import('./conflicts.js')).showConflicts(page)],
    [words.__('the history'), async () => (await import('./history.js')).showHistory(page)]
  ];
  const begun = await Promise.allSettled(parts.map(([, begin]) => begin()));
  const failed = parts.filter((_, at) => begun[at].status === 'rejected').map(([name]) => name);
  for (const one of begun) {
    if (one.status === 'rejected') console.warn('nbmerge goes on without a part of this page:', one.reason);
  }
  if (failed.length) status?.say(words.__('nbmerge merges as ever, but cannot show %1', failed.join(', ')));
}

/**
 * Whether a setting is on; without settings all are.
 * @param {Settings | undefined} settings
 * @param {string} name
 */
const isOn = async (settings, name) => (await settings?.load(ID))?.composite[name] !== false;

/**
 * Why nbmerge does not act here; "" if it does.
 * @param {NbmergeServer} server
 * @param {Settings | undefined} settings
 */
async function whyNot(server, settings) {
  try {
    if (!(await isOn(settings, 'enabled'))) return 'it is turned off in the settings';
  } catch (error) {
    return `its settings cannot be read: ${error}`;
  }
  try {
    await server.about();
    return '';
  } catch (error) {
    const { status } = /** @type {{status?: number}} */ (error);
    return status === 404 ? 'the server has no part of it' : `the server fails: ${error}`;
  }
}

/** @param {JupyterFrontEnd} app @returns {Page['hear']} */
const changesIn = app => heard => {
  app.serviceManager.events?.stream.connect((_, event) => {
    if (event.schema_id !== EVENT) return;
    const { path, version, tab } = /** @type {any} */ (event);
    heard(path, version, tab);
  });
};

/**
 * Hear of changes; and ask, since hints may be missed: by a page that was hidden or offline.
 * @param {Page['hear']} hear
 * @param {NotebookProvider} provider
 */
function listen(hear, provider) {
  hear((path, version, tab) => provider.hint(path, version, tab));
  const look = () => {
    if (document.visibilityState === 'hidden') return;
    for (const replica of provider.replicas) void replica.check().catch(() => undefined);
  };
  document.addEventListener('visibilitychange', look);
  window.addEventListener('online', look);
  window.setInterval(look, LOOK);
}
