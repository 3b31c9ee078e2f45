/**
 * Owns: how JupyterLab comes to ask nbmerge for notebooks: as a content provider, or by the drive's own two functions.
 * Must not know: what is answered.
 * Invariant: what is no notebook of the default drive goes the way it would go without nbmerge.
 */

/** @typedef {import('./provider.js').NotebookProvider} NotebookProvider */
/** @typedef {import('@jupyterlab/application').JupyterFrontEnd} JupyterFrontEnd */
/** @typedef {import('@jupyterlab/notebook').NotebookWidgetFactory.IFactory} Factory */
/** @typedef {import('@jupyterlab/services').Contents.IManager} Contents */
/** @typedef {import('@jupyterlab/services').Drive} Drive */

const PROVIDER = 'nbmerge';

/** The drive of plain files. @param {JupyterFrontEnd} app @returns {Drive} */
export function driveOf(app) {
  const contents = /** @type {any} */ (app.serviceManager.contents);
  return contents.defaultDrive ?? contents._defaultDrive; // before JupyterLab 4.4 it is not public
}

/**
 * Have Jupyter ask the provider for notebooks.
 * @param {JupyterFrontEnd} app
 * @param {NotebookProvider} provider
 * @param {import('./provider.js').Stock} stock
 * @param {Factory | undefined} factory of notebooks; undefined: another provider may be in use
 */
export function askProvider(app, provider, stock, factory) {
  const drive = driveOf(app);
  if (canProvide(drive, factory)) useProvider(app.serviceManager.contents, drive, factory, provider);
  else wrapDrive(drive, stock, provider);
}

/**
 * Get and save as they are without nbmerge.
 * @param {Drive} drive
 * @returns {import('./provider.js').Stock}
 */
export function stockOf(drive) {
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
