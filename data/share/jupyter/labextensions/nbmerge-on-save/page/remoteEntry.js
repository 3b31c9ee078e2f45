// A module federation container, as JupyterLab loads it from an extension, written by hand: there is no
// bundle, and what is served are the modules beside this file as they stand.  Their folder is not called
// `static`: browsers would keep what is in it for a year, and have the old modules with a new server.
//
// The protocol: `_JUPYTERLAB[name]` has `init(scope)`, which is given the modules that all extensions
// share, and `get(module)`, which gives a function that makes the module.
(() => {
  const here = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  /** @type {Record<string, Record<string, {from?: string, get(): Promise<() => any>}>>} */
  let scope = {};

  /**
   * A shared module, or null where nobody provides it.  The application's own comes first, since tokens
   * and classes are known by identity; else the newest.
   * @param {string} name
   */
  async function shared(name) {
    const offered = Object.entries(scope[name] ?? {});
    offered.sort(([a], [b]) => a.localeCompare(b, undefined, { numeric: true }));
    const own = offered.filter(([, one]) => /application|notebook\/app|CORE/i.test(one.from ?? ''));
    const found = (own.length ? own : offered).pop();
    return found ? (await found[1].get())() : null;
  }

  const page = /** @type {any} */ (window);
  (page._JUPYTERLAB ??= {})['nbmerge-on-save'] = {
    /** @param {typeof scope} given */
    init(given) {
      scope = given;
    },
    /** @param {string} _module always ./extension */
    async get(_module) {
      const { plugins } = await import(new URL('plugin.js', here).href);
      const made = await plugins(shared);
      return () => ({ __esModule: true, default: made });
    }
  };
})();
