/**
 * Owns: what JupyterLab and Notebook load: whether nbmerge acts in this page, and by which hook.
 * Must not know: how notebooks are saved and merged.
 * Invariant: where it does not act, nothing of the application is changed.
 */

import { Conflicts } from './conflict-commands.js';
import { showHistory } from './history.js';
import { presenceIn } from './presence.js';
import { NotebookProvider } from './provider.js';
import { NbmergeServer } from './server.js';
import { StatusNote } from './status.js';
import { wordsOf } from './words.js';

/** @typedef {import('@jupyterlab/application').JupyterFrontEnd} JupyterFrontEnd */
/** @typedef {import('@jupyterlab/notebook').INotebookTracker} Tracker */
/** @typedef {import('@jupyterlab/notebook').NotebookWidgetFactory.IFactory} Factory */
/** @typedef {import('@jupyterlab/services').Contents.IManager} Contents */
/** @typedef {import('@jupyterlab/services').Drive} Drive */
/** @typedef {import('@jupyterlab/settingregistry').ISettingRegistry} Settings */
/** @typedef {import('@jupyterlab/statusbar').IStatusBar} StatusBar */

const ID = 'nbmerge-on-save:plugin';
const PROVIDER = 'nbmerge';
const EVENT = 'https://schema.nbmerge.dev/notebook/v1';
const LOOK = 30_000; // milliseconds: events are hints, and may be missed

/**
 * @param {(name: string) => Promise<any>} shared a module that the page shares, or null
 * @returns {Promise<import('@jupyterlab/application').JupyterFrontEndPlugin<void>[]>}
 */
export async function plugins(shared) {
  const { INotebookTracker, INotebookWidgetFactory } = await shared('@jupyterlab/notebook');
  const { ServerConnection } = await shared('@jupyterlab/services');
  const { PageConfig, URLExt } = await shared('@jupyterlab/coreutils');
  const { Widget } = await shared('@lumino/widgets');
  const { ISettingRegistry } = await shared('@jupyterlab/settingregistry');
  const { IStatusBar } = (await shared('@jupyterlab/statusbar')) ?? {};
  const { ICommandPalette } = await shared('@jupyterlab/apputils');
  const { ITranslator } = await shared('@jupyterlab/translation');
  const { ILayoutRestorer } = await shared('@jupyterlab/application');
  const [cmState, cmView] = await Promise.all(['@codemirror/state', '@codemirror/view'].map(shared));
  const { ICollaborativeContentProvider } = (await shared('@jupyter/collaborative-drive')) ?? {};
  const tokens = {
    factory: INotebookWidgetFactory,
    settings: ISettingRegistry,
    bar: IStatusBar,
    palette: ICommandPalette,
    translator: ITranslator,
    restorer: ILayoutRestorer,
    rooms: ICollaborativeContentProvider
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
        const { factory, settings, bar, palette, restorer, translator, rooms } = named;
        const isRoom = rooms && PageConfig.getOption('disableRTC') !== 'true';
        const drive = driveOf(app);
        const server = new NbmergeServer({ ServerConnection, URLExt }, drive.serverSettings);
        const why = isRoom ? 'documents are shared (jupyter-collaboration)' : await whyNot(server, settings);
        if (why) {
          console.info(`nbmerge does not act in this page: ${why}`);
          return;
        }
        const words = wordsOf(translator);
        const status = new StatusNote(Widget, words);
        const tab = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
        const stock = stockOf(drive);
        const surroundings = { Widget, URLExt, settings: drive.serverSettings, words };
        const presence = (await isOn(settings, 'presence'))
          ? await presenceIn(shared, { ...surroundings, synced: path => provider.synced(path) })
          : null;
        const provider = new NotebookProvider(server, stock, tab, (path, answer) => {
          status.tell(path, answer);
          presence?.told(path, answer);
          conflicts.look(path);
        });
        if (!rooms && canProvide(drive, factory)) useProvider(app.serviceManager.contents, drive, factory, provider);
        else wrapDrive(drive, stock, provider);
        const attach = (/** @type {import('@jupyterlab/notebook').NotebookPanel} */ panel) => {
          provider.attach(panel);
          presence?.attach(panel);
        };
        tracker.forEach(attach);
        tracker.widgetAdded.connect((_, panel) => attach(panel));
        /** @param {string} path */
        const replica = path => provider.replica(path);
        const page = { app, tracker, server, replica, Widget, cmState, cmView, bar, palette, words };
        const conflicts = new Conflicts(page);
        listen(app, provider);
        show(app, status, bar);
        const has = (/** @type {string} */ path) => provider.has(path);
        const listening = (/** @type {(path: string) => void} */ heard) => hear(app, heard);
        const past = { app, tracker, server, words, has, listen: listening, palette, restorer };
        await showHistory(past, shared).catch(error => console.warn('nbmerge shows no history:', error));
      }
    }
  ];
}

/** @param {JupyterFrontEnd} app @returns {Drive} */
function driveOf(app) {
  const contents = /** @type {any} */ (app.serviceManager.contents);
  return contents.defaultDrive ?? contents._defaultDrive; // before JupyterLab 4.4 it is not public
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

/**
 * Get and save as they are without nbmerge.
 * @param {Drive} drive
 * @returns {import('./provider.js').Stock}
 */
function stockOf(drive) {
  const get = drive.get.bind(drive);
  const save = drive.save.bind(drive);
  return {
    get: (path, options) => get(path, plain(options)),
    save: (path, options) => save(path, plain(options))
  };
}

/**
 * Options without our name.
 * @param {any} options
 */
function plain(options) {
  const { contentProviderId, ...rest } = options ?? {};
  return contentProviderId === PROVIDER ? rest : options;
}

/**
 * Whether this JupyterLab asks content providers (4.4 and later), and nobody else provides notebooks.
 * @param {Drive} drive
 * @param {Factory | undefined} factory
 */
const canProvide = (drive, factory) =>
  Boolean(drive.contentProviderRegistry && factory && 'contentProviderId' in factory && !factory.contentProviderId);

/**
 * The name of a provider goes with all notebooks, also with those of drives that were not given it, which
 * would open none of them: there they are asked for as without nbmerge.
 * @param {Contents} contents
 * @param {Drive} drive
 * @param {any} factory
 * @param {NotebookProvider} provider
 */
function useProvider(contents, drive, factory, provider) {
  drive.contentProviderRegistry?.register(PROVIDER, {
    get: (path, options) => provider.get(path, options),
    save: (path, options) => provider.save(path, options)
  });
  /** @type {<T>(path: string, options: T) => T} */
  const named = (path, options) => (contents.driveName(path) ? plain(options) : options);
  const get = contents.get.bind(contents);
  const save = contents.save.bind(contents);
  const sharedModel = contents.getSharedModelFactory?.bind(contents);
  contents.get = (path, options) => get(path, named(path, options));
  contents.save = (path, options) => save(path, named(path, options));
  if (sharedModel) contents.getSharedModelFactory = (path, options) => sharedModel(path, named(path, options));
  factory.contentProviderId = PROVIDER;
}

/**
 * Where there are no content providers, or another one falls back to the drive, the drive's own two
 * functions are replaced.
 * @param {Drive} drive
 * @param {import('./provider.js').Stock} stock
 * @param {NotebookProvider} provider
 */
function wrapDrive(drive, stock, provider) {
  drive.get = (path, options) => {
    const isLook = options?.content === false;
    const isLoad = !isLook && options?.type === 'notebook' && options.format === 'json';
    return isLoad || (isLook && provider.has(path)) ? provider.get(path, options) : stock.get(path, options);
  };
  drive.save = async (path, options) => {
    if (options?.type !== 'notebook' || !provider.has(path)) return stock.save(path, options);
    const model = await provider.save(path, options);
    /** @type {any} */ (drive)._fileChanged.emit({ type: 'save', oldValue: null, newValue: model });
    return model;
  };
}

/**
 * @param {JupyterFrontEnd} app
 * @param {(path: string, version: string, tab: string) => void} heard
 */
function hear(app, heard) {
  app.serviceManager.events?.stream.connect((_, event) => {
    if (event.schema_id !== EVENT) return;
    const { path, version, tab } = /** @type {any} */ (event);
    heard(path, version, tab);
  });
}

/**
 * Hear of changes; and ask, since hints may be missed: by a page that was hidden or offline.
 * @param {JupyterFrontEnd} app
 * @param {NotebookProvider} provider
 */
function listen(app, provider) {
  hear(app, (path, version, tab) => provider.hint(path, version, tab));
  const look = () => {
    if (document.visibilityState === 'hidden') return;
    for (const replica of provider.replicas) void replica.check().catch(() => undefined);
  };
  document.addEventListener('visibilitychange', look);
  window.addEventListener('online', look);
  window.setInterval(look, LOOK);
}

/**
 * In the status bar; Notebook has none: there at the top.
 * @param {JupyterFrontEnd} app
 * @param {StatusNote} status
 * @param {StatusBar | undefined} bar
 */
function show(app, status, bar) {
  if (bar) {
    const place = /** @type {const} */ ({ align: 'left', rank: 20, priority: 1 }); // also in narrow windows
    bar.registerStatusItem('nbmerge-on-save:came', { item: status.widget, ...place });
  } else {
    status.widget.id = 'nbmerge-on-save-came';
    app.shell.add(status.widget, 'top', { rank: 10_000 });
  }
}
