/**
 * Owns: the side panel with the past of the notebook that is looked at: which one that is, when the panel asks
 * anew, what its buttons do.
 * Must not know: how a version is told or shown, how the server brings something back.
 * Invariant: while the panel is hidden nothing is asked; nothing is done to a notebook that is not saved first;
 * what was done is said, with a button that undoes it.
 */

import { button, element, legible } from './elements.js';
import { VersionDialog } from './history-dialog.js';
import { History } from './history-model.js';
import { doubtful, note, showIn, versions } from './history-view.js';
import { lostThings } from './history-lost.js';

/** @typedef {import('./words.js').Words} Words */
/** @typedef {import('./history-model.js').Requests} Requests */
/** @typedef {import('./history-model.js').Done} Done */
/** @typedef {import('./history-words.js').Row} Row */
/** @typedef {import('./history-words.js').Lost} Lost */
/** @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel */
/** @typedef {import('@lumino/widgets').Widget} Widget */

const PATIENCE = 300; // milliseconds without another key or save

export class HistoryPanel {
  /**
   * @param {Widget} widget empty
   * @param {Words} words
   * @param {Requests} requests
   */
  constructor(widget, words, requests) {
    this.widget = widget;
    this._words = words;
    /** @type {NotebookPanel | null} */
    this._notebook = null;
    this._history = new History(requests, () => this._show());
    this._isLost = false;
    this._isStale = true;
    this._timers = { find: 0, refresh: 0 };
    this._dialog = new VersionDialog(words, {
      fetch: version => this._history.version(version),
      restore: (version, cell) => this._restore(version, cell)
    });
    this._parts = this._build();
    this._dialog.node.addEventListener('close', () => setTimeout(() => this._takeFocus()));
    this._show();
  }

  /** Another notebook is looked at. @param {NotebookPanel | null} notebook @param {string} path "": of no history */
  follow(notebook, path) {
    this._notebook = notebook;
    if (path === this._history.path) {
      if (!path) this._show();
      return;
    }
    this._say('');
    this._history.open(path);
    this._isStale = true;
    this._soon();
  }

  /** The file of a notebook has changed. @param {string} path */
  changed(path) {
    if (path !== this._history.path) return;
    this._isStale = true;
    this._soon();
  }

  /** The panel is seen now. */
  shown() {
    if (this._isStale) void this._refresh();
  }

  /** @param {boolean} isLost */
  choose(isLost) {
    this._isLost = isLost;
    if (isLost && !this._history.lost) void this._history.findLost();
    this._show();
  }

  /** To where keys go first. */
  focus() {
    this._parts.filter.focus();
  }

  /** Nobody has the focus since what had it was shown anew: to what was said, or where keys go first. */
  _takeFocus() {
    const { said, filter } = this._parts;
    if (document.activeElement === document.body) (said.querySelector('button') ?? filter).focus();
  }

  async restorePrevious() {
    await this._do('restore', {}, done => this._words.__('Restored what was before, as version @%1.', done.version));
  }

  _build() {
    const words = this._words;
    const title = element('h2');
    /** @param {string} text @param {boolean} isLost */
    const tab = (text, isLost) => {
      const id = `nbmerge-tab-${isLost ? 'lost' : 'versions'}`;
      const made = button(text, () => this.choose(isLost), { role: 'tab', 'aria-controls': 'nbmerge-past', id });
      made.addEventListener('keydown', event => {
        if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
        this.choose(!isLost);
        this._parts.tabs[isLost ? 0 : 1].focus();
      });
      return made;
    };
    const tabs = [tab(words.__('Versions'), false), tab(words.__('Lost'), true)];
    const said = element('div', { role: 'status', class: 'nbmerge-said' });
    const doubts = element('section', { class: 'nbmerge-doubts', 'aria-label': words.__('Doubts'), tabindex: -1 });
    const filter = element('input', { type: 'search', class: 'nbmerge-filter' });
    filter.addEventListener('input', () => this._later('find', () => this._find(filter.value.trim())));
    const list = element('div', { class: 'nbmerge-list', tabindex: -1 });
    const past = element('div', { role: 'tabpanel', id: 'nbmerge-past', class: 'nbmerge-past' }, filter, list);
    const row = element('div', { role: 'tablist', class: 'nbmerge-tabs', 'aria-label': words.__('History') }, ...tabs);
    this.widget.node.append(title, said, doubts, row, past);
    return { title, tabs, said, doubts, filter, list, past };
  }

  _show() {
    if (!this._parts) return;
    const { title, tabs, doubts, filter, list, past } = this._parts;
    const words = this._words;
    const history = this._history;
    const name = history.path.split('/').at(-1) ?? '';
    title.textContent = legible(name || words.__('History'));
    title.title = legible(history.path);
    tabs.forEach((tab, place) => {
      const isChosen = place === Number(this._isLost);
      tab.setAttribute('aria-selected', String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      if (isChosen) past.setAttribute('aria-labelledby', tab.id);
    });
    const label = this._isLost ? words.__('Find what is lost') : words.__('Find versions by person, text or @number');
    filter.placeholder = this._isLost ? words.__('Text') : words.__('Person, text or @number');
    filter.setAttribute('aria-label', label);
    if (document.activeElement !== filter) filter.value = this._isLost ? history.lostWords : history.words;
    const actions = {
      show: (/** @type {Row} */ row) => void this._dialog.show(name, row.version),
      unfold: (/** @type {Row} */ row) => void history.unfold(row).catch(error => this._say(String(error))),
      older: () => void history.more(),
      merge: () => void this._merge(),
      dismiss: (/** @type {Row} */ row) => void this._dismiss(row)
    };
    showIn(doubts, doubtful(words, history.doubts, actions));
    doubts.hidden = !history.doubts.length;
    const putBack = (/** @type {Lost} */ lost) => void this._putBack(lost);
    const none = history.path ? '' : this._whyNone();
    if (none) showIn(list, [note(none)]);
    else showIn(list, this._isLost ? lostThings(words, history, putBack) : versions(words, history, actions));
  }

  _whyNone() {
    const words = this._words;
    const context = this._notebook?.context;
    if (!context) return words.__('Open a notebook to see its history.');
    return context.isReady
      ? words.__('This notebook has no history here: it is saved without nbmerge.')
      : words.__('Looking …');
  }

  /** @param {string} text */
  _find(text) {
    void (this._isLost ? this._history.findLost(text) : this._history.find(text));
  }

  _soon() {
    this._later('refresh', () => {
      if (this.widget.isVisible) void this._refresh();
    });
  }

  /** @param {'find' | 'refresh'} what @param {() => void} work */
  _later(what, work) {
    clearTimeout(this._timers[what]);
    this._timers[what] = window.setTimeout(work, PATIENCE);
  }

  async _refresh() {
    this._isStale = false;
    await this._history.refresh();
    if (this._isLost) await this._history.findLost();
    else this._history.lost = null; // looked for when somebody wants to see it: all versions are read for it
  }

  /** @param {number} version @param {number} [cell] @returns {Promise<string>} why it failed */
  _restore(version, cell) {
    const words = this._words;
    const body = cell === undefined ? { version } : { version, cell };
    return this._do('restore', body, done =>
      cell === undefined
        ? words.__('Version @%1 is restored, as version @%2.', version, done.version)
        : words.__('Cell %1 is as in version @%2 again: version @%3.', cell, version, done.version)
    );
  }

  _merge() {
    return this._do('recover', {}, done => this._words.__('Merged, as version @%1.', done.version));
  }

  /** @param {Row} row */
  _dismiss({ version }) {
    const said = this._words.__('Dismissed; @%1 stays in the history.', version);
    return this._do('dismiss', { version }, () => said);
  }

  /** @param {Lost} lost */
  _putBack({ last, cell, kind }) {
    return this._do('put-back', { last, cell, kind }, done => this._words.__('Put back: version @%1.', done.version));
  }

  /**
   * Save the notebook, have something done, and say so with a button that undoes it.
   * @param {string} what
   * @param {Record<string, unknown>} body
   * @param {(done: Done) => string} words
   * @returns {Promise<string>} why it failed
   */
  async _do(what, body, words) {
    const history = this._history;
    const { path } = history;
    try {
      const context = this._notebook?.context;
      if (context?.path === path && context.model.dirty) await context.save();
      if (path !== history.path) return '';
      const done = await history.act(what, body);
      const conflicts = done.conflicts
        ? this._words._n(' It shows %1 conflict.', ' It shows %1 conflicts.', done.conflicts)
        : '';
      const before = done.before === done.version ? null : done.before;
      if (path === history.path) this._say(words(done) + conflicts, before);
      await this._refresh();
      return '';
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this._say(why);
      return why;
    }
  }

  /** @param {string} text @param {number | null} [undo] the version that undoes it */
  _say(text, undo = null) {
    const { said } = this._parts;
    said.replaceChildren(legible(text));
    if (undo === null) return;
    const words = this._words;
    const back = button(words.__('Undo'), () => void this._restore(undo), {
      name: words.__('Undo: restore version @%1', undo)
    });
    said.append(' ', back);
  }
}
