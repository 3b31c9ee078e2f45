/**
 * Owns: one notebook that is open in VS Code and takes part: when something is pulled, what happens around a
 * save, and a save that VS Code refused.
 * Must not know: how content is merged, how processes are asked, what the status bar looks like.
 * Invariant: a failure here leaves VS Code's own behaviour as it is; a save is asked for again only while the
 * file is known to have been changed by others in between, and only a few times.
 */

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { Ages } from './ages.js';
import { Copy } from './copy.js';
import { NotebookEditor, addressOf, sourceOf } from './editor.js';
import { Reloads } from './reloads.js';
import { Running } from './running.js';
import { Saving } from './saving.js';
import { Arrivals } from './undone.js';

/** @typedef {typeof import('vscode')} VSCode */
/** @typedef {import('vscode').NotebookDocument} NotebookDocument */
/** @typedef {import('vscode').NotebookData} NotebookData */
/** @typedef {import('./copy.js').Came} Came */
/** @typedef {import('./copy.js').Server} Server */
/**
 * What people are told.
 * @typedef {object} Told
 * @property {(document: NotebookDocument, came: Came[], conflicts: number) => void} came
 * @property {(document: NotebookDocument) => void} undone
 * @property {(document: NotebookDocument) => void} gone
 * @property {(document: NotebookDocument) => void} back
 * @property {(line: string) => void} log
 */
/**
 * When things happen: `after` does something so many milliseconds later, unless it is cancelled.
 * @typedef {object} Clock
 * @property {(milliseconds: number, work: () => void) => unknown} after
 * @property {(handle: any) => void} cancel
 * @property {() => number} now
 * @property {() => number} chance a number from 0 to 1
 */
/** Which version a notebook went on from when VS Code was closed. @typedef {{get: (key: string) => string | undefined, set: (key: string, version: string) => void}} Memory */

const RELOADING = 350; // milliseconds in which VS Code takes over the file of a notebook without changes
const AT_ONCE = 5; // milliseconds until VS Code has said that there are unsaved changes
const TYPING = 2000; // milliseconds after a key in which somebody is likely to type on
const SOON = 30; // milliseconds, for several words of one save
const LATER = 1500; // milliseconds until a pull that did not come through is tried again
const BACKED_UP = 3000; // milliseconds after which VS Code's own backup holds what was brought in
const LONGEST = 1200; // milliseconds for which VS Code surely waits
const REFUSED = 600; // milliseconds after which a save that was not made is taken for refused
const SLOW = 10_000; // milliseconds that VS Code may take for a large file that nobody has changed meanwhile
const SPREAD = 400; // milliseconds, by chance: two windows must not go on meeting each other
const TRIES = 8; // saves asked for again

export class Session {
  /**
   * @param {VSCode} vscode
   * @param {NotebookDocument} document
   * @param {Server} server
   * @param {Memory} memory
   * @param {Told} told
   * @param {Clock} clock
   */
  constructor(vscode, document, server, memory, told, clock) {
    this.vscode = vscode;
    this.document = document;
    this.told = told;
    this.clock = clock;
    this.running = new Running();
    this.ages = new Ages(document.uri.fsPath);
    this.editor = new NotebookEditor(vscode, document);
    this.arrivals = new Arrivals(() => this.editor.capture());
    this.copy = new Copy(server, this._forCopy(), null);
    this.reloads = new Reloads(() => this.editor.capture(), () => clock.now());
    this.saving = new Saving(this.editor, () => this.copy.base);
    /** The version that the notebook went on from before others' saves came into it last. @type {number | null} */
    this.before = null;
    this._memory = memory;
    this._waiting = false;
    this._typedAt = -TYPING;
    this._isPrepared = false; // for a save: VS Code writes at any moment
    this._isKeeping = false;
    this._asked = 0; // saves asked for again since the last that was made
    this._isStuck = false; // VS Code saves no more by itself after a save that it has refused, until all is saved
    /** @type {unknown} */
    this._refused = undefined;
    /** @type {unknown} */
    this._reload = undefined;
    /** What is noted of cells that came and went, unless VS Code has taken over the file. @type {(() => void)[]} */
    this._unsure = [];
  }

  /** Find out which version the notebook comes from. @returns {Promise<void>} */
  async open() {
    if (await this._quietly(this.copy.adopt(), false)) {
      if (!this.document.isDirty) this.reloads.isClean();
      this._remember();
      return;
    }
    // Not what the file holds: VS Code has brought back unsaved typing, or is about to take over the file.
    const known = this._memory.get(this.document.uri.fsPath);
    if (known === undefined) return;
    this.copy.base = known;
    this.fileChanged();
  }

  close() {
    this.copy.close();
    this.clock.cancel(this._refused);
    this.ages.close();
  }

  /** Somebody writes the file. */
  heard() {
    if (!this._isPrepared) this.fileChanged();
    else if (!this._isKeeping) void this._quietly(this._keptKnown(), undefined);
  }

  /**
   * A program has written the file over which VS Code is about to save.  Once that is in the history VS Code need not
   * ask: a pull brings it just after.
   */
  async _keptKnown() {
    if (this.ages.isUntouched()) return;
    this._isKeeping = true;
    try {
      const stamp = this.ages.now();
      const held = readFileSync(this.document.uri.fsPath, 'utf8'); // there is no time to wait
      if (this.saving.isBeingWritten(held)) return;
      await this.copy.record();
      if (!this._isPrepared || !this.ages.makeOld(stamp) || this._asked >= TRIES) return;
      this._asked++;
      void this._save(); // should VS Code have refused already; else it is the one that it makes just now
    } finally {
      this._isKeeping = false;
    }
  }

  /** The file may hold another version. */
  fileChanged() {
    if (this._waiting || this.saving.isUnderWay || this.copy.closed) return; // after a save it is looked at anyway
    this._waiting = true;
    void this._quietly(this.copy.isBehind(), false); // asked at once, it is kept: the next save may come before the pull
    const isTypedInto = this.document.isDirty || this.clock.now() - this._typedAt < TYPING;
    const pause = isTypedInto ? SOON : RELOADING; // it is better not taken over under somebody's hands
    this.clock.after(pause, () => {
      this._waiting = false;
      void this._takeIn();
    });
  }

  /** @param {import('vscode').NotebookDocumentChangeEvent} event */
  changed(event) {
    const capture = once(() => this.editor.capture()); // at each key: not more than once, and only where it is needed
    this.saving.changed(capture);
    this._noteArranged(event, capture);
    this.arrivals.changed(capture);
    this._noteReload(event, capture);
    this.running.changed(event);
  }

  /**
   * A cell's text has changed.
   * @param {import('vscode').TextDocumentChangeEvent} event
   */
  textChanged({ document, reason }) {
    const { TextDocumentChangeReason } = this.vscode;
    if (reason === undefined) return;
    const cell = this.document.getCells().find(one => one.document === document);
    if (!cell) return;
    const isUndo = reason === TextDocumentChangeReason.Undo;
    if (this.arrivals.stepped(cell, sourceOf(cell), isUndo)) this.told.undone(this.document);
  }

  /**
   * Cells that come and go: an undo may take out what others saved.  Of a notebook that is said to have no unsaved
   * changes it may also be VS Code that takes over the file; that is known only later.
   * @param {import('vscode').NotebookDocumentChangeEvent} event
   * @param {() => NotebookData} capture
   */
  _noteArranged({ contentChanges }, capture) {
    if (this.editor.isArranging || !contentChanges.length) return;
    const added = contentChanges.flatMap(one => one.addedCells.map(addressOf));
    const removed = contentChanges.flatMap(one => one.removedCells.map(addressOf));
    const { last } = this.arrivals;
    const note = () => this._arranged(this.arrivals.rearranged(added, removed, last, capture()));
    if (this.document.isDirty) note();
    else if (last) {
      capture();
      this._unsure.push(note);
    }
  }

  /** @param {import('./undone.js').Rearranged | null} found */
  _arranged(found) {
    if (found === 'misplaced') void this._quietly(this.copy.bringAgain(), false); // nobody can have meant that
    if (found === 'undone') this.told.undone(this.document);
    if (found === 'gone') this.told.gone(this.document);
  }

  async _undone() {
    const { arrivals } = this;
    const [first] = arrivals.undone;
    const [common, other] = await Promise.all([first.common, first.other].map(data => this.editor.written(data)));
    const back = () => {
      arrivals.forget(first);
      if (!first.isOwn && arrivals.undone.every(one => one.isOwn)) this.told.back(this.document);
    };
    return { common, other, back };
  }

  /**
   * A notebook that changes and has no changes to save: VS Code takes over the file, in several steps.  Or somebody has
   * put in a cell; that there are unsaved changes by that is said only in a moment.
   * @param {import('vscode').NotebookDocumentChangeEvent} event
   * @param {() => NotebookData} capture
   */
  _noteReload(event, capture) {
    if (this.saving.isUnderWay || this.copy.closed || this.editor.isArranging) return;
    if (isTyping(event)) {
      if (!this.editor.isPutting) this._typedAt = this.clock.now();
      this.reloads.typed(capture, this.document.isDirty);
    } else if (!this.document.isDirty) {
      this.reloads.mayHaveHappened(capture());
      this.clock.after(AT_ONCE, () => {
        if (!this.document.isDirty) this.reloads.hasHappened();
      });
      this.clock.cancel(this._reload);
      this._reload = this.clock.after(SOON, () => void this._reloaded());
    }
  }

  /** If VS Code has taken over the file, find out what it held. */
  async _reloaded() {
    this.clock.cancel(this._reload);
    const found = this.reloads.take();
    if (!found) return;
    const { shown, typed, isSure } = found;
    const unsure = this._unsure.splice(0);
    const otherwise = () => unsure.forEach(note => note());
    const isTaken = await this._quietly(this.copy.reloaded(() => this.editor.written(shown), isSure, otherwise), false);
    if (typed && (isTaken || isSure)) {
      this.told.log(`${this.document.uri.fsPath}: typed while VS Code took over the file: put back`);
      this.arrivals.lost(typed);
      await this._quietly(this.copy.bringAgain(), false);
    }
    await this._takeIn(); // also what a program has saved over that had not seen it
  }

  /** VS Code is about to save. @returns {Promise<void>} */
  async willSave() {
    this.clock.cancel(this._refused);
    void this._reloaded();
    this.saving.begins();
    const hurry = this.clock.after(LONGEST, () => {
      if (!this.saving.isUnderWay) return;
      this.copy.hurry();
      this._isPrepared = true; // as far as can be
      this._mayBeRefused(false, this.clock.now() + SLOW); // it may be that nbmerge does not answer at all
      this.heard();
    });
    const othersSaved = await this._quietly(this.copy.beforeSave(), false);
    this.clock.cancel(hurry);
    if (!this.saving.isUnderWay) return; // it took so long that VS Code did not wait for it
    this.saving.prepared();
    this._isPrepared = true;
    this._mayBeRefused(othersSaved, this.clock.now() + SLOW);
  }

  /**
   * @param {boolean} othersSaved
   * @param {number} until when a file that nobody has changed is waited for: VS Code does not refuse to write that
   */
  _mayBeRefused(othersSaved, until) {
    this.clock.cancel(this._refused);
    this._refused = this.clock.after(REFUSED + SPREAD * this.clock.chance(), async () => {
      const isSlow = this.ages.isUntouched() || (await this._quietly(this._isBeingWritten(), false));
      if (!this._isPrepared) return;
      if (isSlow && this.clock.now() < until) this._mayBeRefused(othersSaved, until);
      else void this._notSaved(othersSaved);
    });
  }

  /** Whether it is VS Code that is writing the file just now. */
  async _isBeingWritten() {
    return this.saving.isBeingWritten(await this._held());
  }

  /** VS Code has saved. @returns {Promise<void>} */
  async didSave() {
    this._isPrepared = false;
    this.clock.cancel(this._refused);
    this.copy.saved();
    this.ages.isOver();
    if (!this.document.isDirty) this.reloads.isClean();
    this._asked = 0;
    const wasDirty = this.document.isDirty;
    this._isStuck &&= this.document.isDirty;
    if (this._isStuck) this._refused = this.clock.after(REFUSED, () => void this._save());
    const states = this.saving.end();
    const written = async () => this.saving.written(states, await this._quietly(this._held(), null), wasDirty);
    if ((await this._quietly(this.copy.afterSave(written), false)) && !wasDirty) await this._save();
    this.fileChanged();
    this._remember();
  }

  /** What the file holds. */
  async _held() {
    return new TextDecoder().decode(await this.vscode.workspace.fs.readFile(this.document.uri));
  }

  async _takeIn() {
    if (this.copy.closed || this.saving.isUnderWay || this.reloads.isPending) return;
    const wasDirty = this.document.isDirty;
    const isAll =
      this.copy.base === null ? await this._quietly(this.copy.adopt(), true) : await this._quietly(this.copy.pull(), true);
    if (this.copy.closed) return;
    if (!isAll && !this.arrivals.undone.length) this.clock.after(LATER, () => this.fileChanged());
    if (!wasDirty && this.document.isDirty) await this._save();
    this.clock.after(BACKED_UP, () => this._remember());
  }

  /**
   * Where others saved, or somebody typed, just before VS Code wrote, it has refused, and does not try again by
   * itself.
   * @param {boolean} othersSaved
   */
  async _notSaved(othersSaved) {
    this._isPrepared = false;
    this.ages.isOver();
    this.saving.giveUp();
    this.fileChanged();
    if (!this.document.isDirty || this._asked >= TRIES) return;
    if (!othersSaved && !(await this._quietly(this.copy.isBehind(), false))) return;
    if (this.copy.closed) return;
    this._asked++;
    this._isStuck = true;
    this.told.log(`${this.document.uri.fsPath}: VS Code has not saved; asked again`);
    await this._save();
  }

  _save() {
    return this._quietly(Promise.resolve(this.document.save()), false);
  }

  _forCopy() {
    const { editor, arrivals } = this;
    return {
      read: () => editor.read(),
      /** @param {string} text */
      holds: text => editor.holds(text),
      /** @type {import('./copy.js').Editor['bring']} */
      bring: (operations, snapshot) =>
        editor.bring(operations, /** @type {import('./editor.js').Snapshot} */ (snapshot), {
          running: this.running.cells,
          touching: touched => arrivals.add(touched),
          arranged: arranged => arrivals.arrange(arranged)
        }),
      /** @type {import('./copy.js').Editor['isAsRead']} */
      isAsRead: snapshot => editor.isAsRead(/** @type {import('./editor.js').Snapshot} */ (snapshot)),
      /** @type {import('./copy.js').Editor['insert']} */
      insert: (common, other, cells) => editor.insert(common, other, cells),
      hasUndone: () => arrivals.undone.length > 0,
      undone: () => this._undone(),
      stamp: () => this.ages.stamp(),
      /** @param {string} stamp */
      isKnown: stamp => this.ages.makeOld(stamp),
      forgetUndone: () => arrivals.undone.forEach(one => arrivals.forget(one)),
      /** @type {import('./copy.js').Editor['told']} */
      told: (came, conflicts, base) => {
        this.before = Number.parseInt(base, 10);
        this.told.came(this.document, came, conflicts);
      },
      /** @param {number} milliseconds */
      wait: milliseconds => new Promise(/** @param {(value: void) => void} done */ done => void this.clock.after(milliseconds, done)),
      now: () => this.clock.now(),
      newId: () => randomUUID()
    };
  }

  _remember() {
    if (!this.copy.closed && this.copy.base !== null) this._memory.set(this.document.uri.fsPath, this.copy.base);
  }

  /**
   * What comes of a promise; where it fails, that is noted and VS Code goes on as without nbmerge.
   * @template T
   * @param {PromiseLike<T>} promise
   * @param {T} otherwise
   * @returns {Promise<T>}
   */
  async _quietly(promise, otherwise) {
    try {
      return await promise;
    } catch (error) {
      this.told.log(`${this.document.uri.fsPath}: ${error instanceof Error ? error.message : error}`);
      return otherwise;
    }
  }
}

/**
 * Whether a change is one of text alone: VS Code never takes over a file that way.
 * @param {import('vscode').NotebookDocumentChangeEvent} event
 */
const isTyping = ({ cellChanges, contentChanges, metadata }) =>
  !contentChanges.length &&
  metadata === undefined &&
  cellChanges.every(one => one.outputs === undefined && one.metadata === undefined && one.executionSummary === undefined);

/**
 * A value that is made when it is first asked for.
 * @template {object} T
 * @param {() => T} make
 * @returns {() => T}
 */
function once(make) {
  /** @type {T | undefined} */
  let made;
  return () => (made ??= make());
}
