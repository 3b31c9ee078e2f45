/**
 * Owns: the process `nbmerge serve`: starting it, asking it, and hearing what it tells.
 * Must not know: VS Code, notebooks as editors hold them.  Runs under node.
 * Invariant: each question is answered once, by an answer or an error; those to a process that has ended fail.
 * A process that ends is started again when somebody asks, but not over and over.
 */

import { spawn } from 'node:child_process';

/** @typedef {Record<string, any>} Json */
/** @typedef {{resolve: (answer: any) => void, reject: (error: Error) => void}} Waiting */

const STARTS = 3; // in
const WITHIN = 60_000; // milliseconds, then it is left alone for as long
const SHOWN = 200; // characters of a line that nobody understands

/** What `nbmerge` says is wrong; `reason`: see its protocol; "ended": there is no process. */
export class ServiceError extends Error {
  /**
   * @param {string} reason
   * @param {string} message
   */
  constructor(reason, message) {
    super(message);
    this.reason = reason;
  }
}

export class Service {
  /**
   * @param {string[]} command the program and its words
   * @param {{changed: (path: string, version: string) => void, state: (problem: string | null) => void, log: (line: string) => void}} listener
   * `state`: why there is no process; null: it runs
   */
  constructor(command, listener) {
    this.command = command;
    this.listener = listener;
    /** @type {import('node:child_process').ChildProcessWithoutNullStreams | null} */
    this._process = null;
    /** @type {Map<number, Waiting>} */
    this._waiting = new Map();
    this._last = 0;
    /** @type {number[]} */
    this._starts = [];
    /** @type {Set<string>} */
    this._followed = new Set();
    this._stopped = false;
  }

  /**
   * @param {string} call
   * @param {Json} members
   * @returns {Promise<any>}
   */
  ask(call, members) {
    return new Promise((resolve, reject) => {
      const running = this._running();
      if (!running) {
        reject(new ServiceError('ended', 'nbmerge does not run'));
        return;
      }
      const id = ++this._last;
      this._waiting.set(id, { resolve, reject });
      running.stdin.write(`${JSON.stringify({ id, call, ...members })}\n`);
    });
  }

  /** Have changes of a file told, also by a process that is started later. @param {string} path */
  follow(path) {
    this._followed.add(path);
    return this.ask('follow', { path });
  }

  /** @param {string} path */
  async unfollow(path) {
    this._followed.delete(path);
    if (this._process) await this.ask('unfollow', { path });
  }

  stop() {
    this._stopped = true;
    this._process?.stdin.end();
  }

  _running() {
    if (this._process || this._stopped) return this._process;
    const now = Date.now();
    this._starts = this._starts.filter(start => now - start < WITHIN);
    if (this._starts.length >= STARTS) return null;
    this._starts.push(now);
    const [program, ...words] = this.command;
    const started = spawn(program, words, { stdio: 'pipe', windowsHide: true });
    this._process = started;
    started.on('error', error => this._ended(started, `${program}: ${error.message}`));
    started.on('exit', code => this._ended(started, `it ended with ${code}`));
    started.stdin.on('error', () => undefined); // its end is told by "exit"
    started.stderr.setEncoding('utf8').on('data', text => this.listener.log(String(text).trimEnd()));
    linesOf(started.stdout, line => this._said(line));
    for (const path of this._followed) void this.ask('follow', { path }).catch(() => undefined);
    return started;
  }

  /** @param {string} line */
  _said(line) {
    const said = objectIn(line);
    if (!said) {
      this.listener.log(`not a line of nbmerge's: ${line.slice(0, SHOWN)}`); // the setting may name another program
      return;
    }
    if (said.event === 'changed') this.listener.changed(said.path, said.version);
    if (said.event === 'ready') this.listener.state(null);
    const waiting = this._waiting.get(said.id);
    if (!waiting) return;
    this._waiting.delete(said.id);
    if (said.answer) waiting.resolve(said.answer);
    else waiting.reject(new ServiceError(said.error?.reason ?? 'bug', said.error?.message ?? 'no answer of nbmerge'));
  }

  /**
   * @param {import('node:child_process').ChildProcess} process
   * @param {string} why
   */
  _ended(process, why) {
    if (this._process !== process) return;
    this._process = null;
    const waiting = [...this._waiting.values()];
    this._waiting.clear();
    for (const one of waiting) one.reject(new ServiceError('ended', `nbmerge does not run: ${why}`));
    if (!this._stopped) this.listener.state(why);
  }
}

/** @param {string} line @returns {Json | null} */
function objectIn(line) {
  try {
    const found = JSON.parse(line);
    return typeof found === 'object' ? found : null;
  } catch {
    return null;
  }
}

/**
 * @param {import('node:stream').Readable} stream
 * @param {(line: string) => void} told
 */
function linesOf(stream, told) {
  /** @type {string[]} */
  let begun = [];
  stream.setEncoding('utf8').on('data', text => {
    const [first, ...others] = String(text).split('\n');
    begun.push(first);
    for (const next of others) {
      told(begun.join(''));
      begun = [next];
    }
  });
}

/**
 * The calls about one notebook, for a copy.  Tokens come without the writer's name, so that equal versions have
 * equal tokens.
 * @param {Service} service
 * @param {string} path
 * @param {string} writer
 * @returns {import('./copy.js').Server}
 */
export function serverFor(service, path, writer) {
  /** @param {string} call @param {Json} members */
  const ask = async (call, members) => withoutWriters(await service.ask(call, { path, ...members }));
  return {
    open: () => ask('open', {}),
    head: () => ask('head', {}),
    hold: () => ask('hold', {}),
    pull: (content, base) => ask('pull', { base, content }),
    save: (content, base, saveId) => ask('save', { base, content, writer, save_id: saveId, exact: true }),
    merge: (common, content, other) => ask('merge', { common, content, other }),
    claim: (content, base) => ask('claim', { base, content, writer }),
    identify: content => ask('identify', { content })
  };
}

/** @param {Json} answer @returns {any} */
function withoutWriters(answer) {
  const made = { ...answer };
  for (const name of ['version', 'sent', 'head']) {
    if (typeof made[name] === 'string') made[name] = made[name].split('.', 2).join('.');
  }
  return made;
}
