/**
 * Owns: how nbmerge is called from here.
 * Must not know: what it is asked.
 * Invariant: what the user has set goes first, then the Python that installed this extension, then what the
 * shell would find.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param {typeof import('vscode')} vscode
 * @param {string} folder of the extension
 * @returns {string[]}
 */
export function commandOf(vscode, folder) {
  /** @type {string[]} */
  const set = vscode.workspace.getConfiguration('nbmerge').get('command', []);
  if (set.length) return set;
  const file = join(folder, 'installed-by.json'); // written by `nbmerge vscode install`
  if (existsSync(file)) {
    const { python } = JSON.parse(readFileSync(file, 'utf8'));
    if (existsSync(python)) return [python, '-P', '-m', 'nbmerge']; // -P: never a folder that happens to be current
  }
  return ['nbmerge-on-save'];
}
