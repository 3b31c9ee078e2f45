/**
 * Owns: the requests to nbmerge's part in the server.
 * Must not know: what is asked and why.
 * Invariant: an error has a `status` exactly if the server answered; a request ends, by an answer or not.
 */

/** @typedef {import('./replica.js').Json} Json */
/**
 * What of Jupyter's libraries is used.
 * @typedef {object} Libraries
 * @property {typeof import('@jupyterlab/services').ServerConnection} ServerConnection
 * @property {typeof import('@jupyterlab/coreutils').URLExt} URLExt
 */
/** @typedef {import('@jupyterlab/services').ServerConnection.ISettings} Settings */

const PATIENCE = 120_000; // milliseconds
const SHORT = 10_000; // JupyterLab's own start waits for the first answer

export class NbmergeServer {
  /**
   * @param {Libraries} libraries
   * @param {Settings} settings
   */
  constructor({ ServerConnection, URLExt }, settings) {
    this._connection = ServerConnection;
    this._url = URLExt;
    this.settings = settings;
  }

  /** @returns {Promise<{version: string}>} */
  about() {
    return this._ask('GET', 'about', '', undefined, SHORT);
  }

  /** Whether the server answers, and has no part of nbmerge. */
  async isMissing() {
    try {
      await this.about();
      return false;
    } catch (error) {
      return /** @type {{status?: number}} */ (error).status === 404;
    }
  }

  /**
   * @param {string} path
   * @returns {Promise<{here: true, version: string, model: Json} | {here: false, why: string}>}
   */
  open(path) {
    return this._ask('GET', 'open', path);
  }

  /** @param {string} path @returns {Promise<any>} */
  head(path) {
    return this._ask('GET', 'head', path);
  }

  /** @param {string} path @param {Json} body @returns {Promise<any>} */
  save(path, body) {
    return this._ask('PUT', 'save', path, body);
  }

  /** @param {string} path @param {Json} body @returns {Promise<any>} */
  pull(path, body) {
    return this._ask('POST', 'pull', path, body);
  }

  /** What is known of the conflicts in a copy. @param {string} path @param {Json} body @returns {Promise<any>} */
  conflicts(path, body) {
    return this._ask('POST', 'conflicts', path, body);
  }

  /**
   * What settles a conflict in a copy.
   * @param {string} path
   * @param {Json} body
   * @param {number} patience
   * @returns {Promise<any>}
   */
  settle(path, body, patience) {
    return this._ask('POST', 'settle', path, body, patience);
  }

  /**
   * Ask about something of a notebook.
   * @param {string} what
   * @param {string} path
   * @param {Record<string, string | number>} query
   * @returns {Promise<any>}
   */
  look(what, path, query) {
    return this._ask('GET', what, path, undefined, PATIENCE, query);
  }

  /** Have something done to a notebook. @param {string} what @param {string} path @param {Json} body */
  act(what, path, body) {
    return this._ask('POST', what, path, body);
  }

  /**
   * @param {string} method
   * @param {string} what
   * @param {string} path
   * @param {Json} [body]
   * @param {number} [patience]
   * @param {Record<string, string | number>} [query]
   */
  async _ask(method, what, path = '', body = undefined, patience = PATIENCE, query = {}) {
    const place = this._url.join(this.settings.baseUrl, 'nbmerge/api', what, this._url.encodeParts(path));
    const asked = String(new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])));
    const url = asked ? `${place}?${asked}` : place;
    const init = { method, signal: AbortSignal.timeout(patience), ...(body && { body: JSON.stringify(body) }) };
    const response = await this._connection.makeRequest(url, init, this.settings);
    if (response.ok) return response.json();
    const error = await this._connection.ResponseError.create(response);
    throw Object.assign(error, { status: response.status });
  }
}
