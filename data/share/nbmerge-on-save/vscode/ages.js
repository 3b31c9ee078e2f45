/**
 * Owns: the time at which a notebook's file was changed, so that VS Code asks nothing when it saves.
 * Must not know: what is in the file.  Runs under node.
 * Invariant: a file is made to look old only if it is still the one of which everything is in the notebook that is just
 * being saved, and for no longer than that save: VS Code's own write ends it, and so does one that is not made, or the
 * end of the notebook.
 *
 * VS Code asks before it saves if the file was changed after it last read or wrote it.  What it would ask about is in
 * the notebook by then, so the time of that change is put back until VS Code has written.  Whoever writes in between
 * gives the file a new time, and VS Code asks.
 */

import { statSync, utimesSync } from 'node:fs';

const OLD = Date.UTC(1980, 0, 2) / 1000; // older than what VS Code has read, also from its backup; no older time fits on every disk

export class Ages {
  /** @param {string} path */
  constructor(path) {
    this.path = path;
    this._isOld = false;
    this._isClosed = false;
    this._last = ''; // the stamp of the file that VS Code is to write over
  }

  /** What tells a file from one that was written since. */
  stamp() {
    return (this._last = this._stamp());
  }

  _stamp() {
    const found = stated(this.path);
    return found ? `${found.mtimeMs} ${found.size} ${found.ino}` : '';
  }

  /** Whether nobody has written the file since it was last looked at: then VS Code will not refuse to write it. */
  isUntouched() {
    return this._last !== '' && this._stamp() === this._last;
  }

  /**
   * Have VS Code think that it knows the file; whether it is still the one of the stamp.
   * @param {string} stamp
   * @returns {boolean}
   */
  makeOld(stamp) {
    try {
      if (this._isClosed || !stamp || this._stamp() !== stamp) return false;
      utimesSync(this.path, OLD, OLD);
      this.stamp();
    } catch {
      return false; // it belongs to somebody else, who lets us write it; its time can only be made new
    }
    this._isOld = true;
    return true;
  }

  /** The same, of a file that somebody has written meanwhile. */
  now() {
    return this._stamp();
  }

  /** The notebook is shown no more; a save that is still being prepared comes too late. */
  close() {
    this._isClosed = true;
    this.isOver();
  }

  /** VS Code has saved, or will not. */
  isOver() {
    const found = this._isOld && stated(this.path);
    this._isOld = false;
    try {
      if (found && Math.abs(found.mtimeMs / 1000 - OLD) < 1) utimesSync(this.path, new Date(), new Date());
    } catch {
      // it is gone by now
    }
  }
}

/** @param {string} path */
function stated(path) {
  return statSync(path, { throwIfNoEntry: false });
}
