/**
 * The page's part as an application activates it, under node: what is shared of JupyterLab's libraries is what saving
 * needs, and no more unless a command says so.
 */

import { pathToFileURL } from 'node:url';

import { answer } from '../helpers/answering.mjs';

const [, , folder] = process.argv;
const load = name => import(pathToFileURL(`${folder}/${name}`).href);
const NAME = 'nb.ipynb';
const SOURCE = { cells: [{ cell_type: 'code', id: 'one', source: 'a = 1' }], metadata: {} };

let page = null;

const signal = () => {
  const slots = [];
  return { connect: slot => slots.push(slot), emit: value => slots.forEach(slot => slot(null, value)) };
};
const node = () => ({
  classList: { add: () => undefined },
  setAttribute: () => undefined,
  append: () => undefined,
  set textContent(text) {
    if (page.isBroken) throw new Error('nothing can be shown');
    if (text) page.said.push(text);
  }
});
globalThis.document = { createElement: node, head: node(), addEventListener: () => undefined, visibilityState: 'visible' };
globalThis.window = { addEventListener: () => undefined, setInterval: () => undefined, setTimeout: () => 0 };
console.warn = (...words) => page.warned.push(words.join(' '));
console.info = () => undefined; // standard output has the answers

/** A notebook that is open, as far as it is asked about. */
function panel() {
  const cells = SOURCE.cells.map(cell => ({ getSource: () => cell.source, getId: () => cell.id }));
  const model = { dirty: false, sharedModel: { cells }, toJSON: () => structuredClone(SOURCE) };
  const context = { path: NAME, isReady: true, ready: Promise.resolve(), model };
  Object.assign(context, { saveState: signal(), disposed: signal(), pathChanged: signal() });
  return { context, disposed: signal(), content: { widgets: [], activeCell: null } };
}

/** What nbmerge's part in the server answers. */
const ANSWERS = {
  about: { version: '1' },
  open: { here: true, version: '1.a', model: { content: SOURCE } },
  save: { sent: '2.b', version: '2.b', operations: [], conflicts: [], came: [], away: 'it waits', model: { name: NAME } }
};

const libraries = drive => ({
  '@jupyterlab/notebook': { INotebookTracker: {}, INotebookWidgetFactory: {} },
  '@jupyterlab/coreutils': {
    PageConfig: { getOption: () => '' },
    URLExt: { join: (...parts) => parts.join('/'), encodeParts: path => path }
  },
  '@jupyterlab/services': {
    ServerConnection: {
      makeRequest: async (url, { method }) => {
        const [, what] = /api\/(\w+)/.exec(url);
        page.asked.push(`${method} ${what}`);
        return { ok: true, json: async () => structuredClone(ANSWERS[what]) };
      }
    }
  },
  '@lumino/widgets': {
    Widget: class {
      node = node();
      addClass() {}
    }
  }
});

const commands = {
  /**
   * Activate it, and open a notebook; `isBroken`: nothing can be shown in the page; `before`: how many panels are open
   * already, of which nothing can be read.
   */
  start: async ({ isBroken = false, before = 0 }) => {
    page = { isBroken, said: [], warned: [], asked: [] };
    const { plugins } = await load('plugin.js');
    const registry = { register: (_, provider) => void (page.provider = provider) };
    const drive = { get: () => null, save: () => null, serverSettings: { baseUrl: '' }, contentProviderRegistry: registry };
    const contents = { defaultDrive: drive, driveName: () => '', get: () => null, save: () => null };
    const shared = async name => libraries(drive)[name] ?? null;
    const [plugin] = await plugins(shared);
    const opened = signal();
    const forEach = attach => Array(before).fill({}).forEach(one => attach(one));
    const tracker = { forEach, widgetAdded: opened, currentChanged: signal(), currentWidget: null };
    const app = { serviceManager: { contents }, shell: { add: () => undefined }, commands: {} };
    await plugin.activate(app, tracker, { contentProviderId: undefined });
    opened.emit(panel());
    await page.provider.get(NAME, { type: 'notebook', format: 'json' });
    await new Promise(done => setTimeout(done, 5));
    return page;
  },
  save: async () => {
    const saved = await page.provider.save(NAME, { type: 'notebook' });
    return { ...page, saved };
  },
  /** What is heard of a notebook: it is opened, saved, saved when the server has no part of nbmerge, and once more. */
  hear: async () => {
    page = { warned: [] };
    const { NotebookProvider } = await load('provider.js');
    const gone = Object.assign(new Error('gone'), { status: 404, response: { status: 404 } });
    const answers = [ANSWERS.save, null];
    const server = {
      open: async () => structuredClone(ANSWERS.open),
      save: async () => answers.shift() ?? Promise.reject(gone),
      isMissing: async () => true
    };
    const stock = { get: async () => ({}), save: async () => ({ name: 'plain' }) };
    const provider = new NotebookProvider(server, stock, 'tab', { add: () => undefined });
    const heard = [];
    const failing = () => {
      throw new Error('it cannot be shown');
    };
    provider.listen({ joined: failing, left: failing, told: failing });
    for (const what of ['joined', 'left', 'told']) provider.listen({ [what]: ({ path }) => heard.push(`${what} ${path}`) });
    provider.attach(panel());
    await provider.get(NAME, { type: 'notebook', format: 'json' });
    await new Promise(done => setTimeout(done, 5));
    const saved = [];
    for (let left = 3; left; left--) saved.push((await provider.save(NAME, {})).name);
    return { heard, saved, warned: page.warned.length };
  }
};

await answer(commands, () => ({ requests: [], errors: [], later: 0 }));
