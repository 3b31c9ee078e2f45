/**
 * Owns: hearing at once that somebody writes a file.
 * Must not know: what is in it, who writes.  Runs under node.
 * Invariant: it is a help and no more: where the system tells nothing, as on some network drives, nothing is heard, and
 * VS Code's own word comes a moment later.
 */

import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/**
 * @param {string} path
 * @param {() => void} heard
 * @returns {{dispose: () => void}}
 */
export function hearing(path, heard) {
  try {
    const name = basename(path);
    const watcher = watch(dirname(path), { persistent: false }, (_event, changed) => {
      if (changed === null || changed === name) heard();
    });
    watcher.on('error', () => watcher.close());
    return { dispose: () => watcher.close() };
  } catch {
    return { dispose: () => undefined }; // the folder is gone, or the system's watches are used up
  }
}
