/**
 * Owns: calling nbmerge's commands about a notebook, as a terminal would.
 * Must not know: VS Code, what is done with the answers.  Runs under node.
 * Invariant: a command that failed is an error with the line that nbmerge says to people.
 */

import { execFile } from 'node:child_process';

/** @typedef {{version: number, time: string, origin: string, writer: string, head: boolean, open: boolean, changes: {text: string} | null}} Version */
/** @typedef {{number: number, kind: string, cell: number, text: string, gone: number | null, time: string, writer: string}} Lost */

const LARGEST = 1 << 30; // bytes of an answer

export class Commands {
  /** @param {string[]} command the program and its first words */
  constructor(command) {
    this.command = command;
  }

  /** The versions of a notebook, the oldest first. @param {string} path @returns {Promise<Version[]>} */
  async versions(path) {
    return objects(await this._run('log', '--json', '--all', path));
  }

  /** What was saved once and is not there now, the newest first. @param {string} path @returns {Promise<Lost[]>} */
  async lost(path) {
    return objects(await this._run('lost', '--json', path));
  }

  /** The bytes of a version. @param {string} path @param {number} version @returns {Promise<Uint8Array>} */
  async content(path, version) {
    return new Uint8Array(await this._run('show', `${path}@${version}`));
  }

  /** @param {string} path @param {number} version */
  async restore(path, version) {
    await this._run('restore', `${path}@${version}`);
  }

  /** @param {string} path @param {number} number */
  async putBack(path, number) {
    await this._run('lost', path, '--put-back', String(number));
  }

  /** Merge the versions that a later save may have overwritten. @param {string} path */
  async recover(path) {
    await this._run('recover', path);
  }

  /** @param {string} path @param {string} cell an id, or a number that counts from 1 */
  async takeBase(path, cell) {
    await this._run('resolve', path, '--cell', cell, '--base');
  }

  /**
   * @param {...string} words
   * @returns {Promise<Buffer>}
   */
  _run(...words) {
    const [program, ...first] = this.command;
    return new Promise((resolve, reject) => {
      execFile(program, [...first, ...words], { encoding: 'buffer', maxBuffer: LARGEST, windowsHide: true }, (error, out, said) => {
        if (!error || error.code === 1) resolve(out); // 1: done, and conflicts are shown
        else reject(new Error(String(said).trim().split('\n').at(-1)?.replace(/^nbmerge: /, '') || error.message));
      });
    });
  }
}

/**
 * @param {Buffer} out one JSON object a line
 * @returns {any[]}
 */
const objects = out =>
  out
    .toString()
    .split('\n')
    .filter(line => line)
    .map(line => JSON.parse(line));
