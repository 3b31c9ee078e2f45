/**
 * Owns: the view of one version beside what the notebook holds now, over the page, cell by cell.
 * Must not know: where versions come from, what restoring does.
 * Invariant: it can be closed by a key at any time, and then the focus is where it was; what a notebook holds is
 * shown as the server's report shows it and nothing of it runs; the cells and buttons are those of the version in the
 * title, or there are none.
 */

import { button, element, legible } from './elements.js';
import { reported, reportPlace } from './history-report.js';
import { came, kind, whole } from './history-words.js';

/** @typedef {import('./words.js').Words} Words */
/** @typedef {import('./history-model.js').ShownVersion} ShownVersion */
/** @typedef {import('./history-model.js').ComparedCell} ComparedCell */
/**
 * What the buttons do; each gives an error's words, or "" when it is done.
 * @typedef {object} Choices
 * @property {(version: number) => Promise<ShownVersion>} fetch
 * @property {(version: number, cell?: number) => Promise<string>} restore
 */

const RUN = 3; // unchanged cells in a row that are folded

export class VersionDialog {
  /**
   * @param {Words} words
   * @param {Choices} choices
   */
  constructor(words, choices) {
    this._words = words;
    this._choices = choices;
    this._asked = 0;
    const title = element('h2', { id: 'nbmerge-version-title', tabindex: -1 });
    const about = element('p');
    const said = element('p', { role: 'status', class: 'nbmerge-note' });
    const bar = element('div', { class: 'nbmerge-buttons' });
    const cells = element('div', {
      class: 'nbmerge-cells',
      tabindex: 0,
      role: 'region',
      'aria-label': words.__('Cells')
    });
    const head = element('header', {}, title, about, bar, said);
    this.node = element('dialog', { class: 'nbmerge-version', 'aria-labelledby': title.id }, head, cells);
    this._parts = { title, about, said, bar, cells };
    this.node.addEventListener('close', () => this.node.remove());
    // JupyterLab's shortcuts are not meant for what is in here.
    this.node.addEventListener('keydown', event => event.stopPropagation());
  }

  /** @param {string} name of the notebook @param {number} version */
  async show(name, version) {
    const asked = ++this._asked;
    if (!this.node.isConnected) document.body.append(this.node);
    if (!this.node.open) this.node.showModal();
    this._parts.title.textContent = legible(this._words.__('%1, version @%2', name, version));
    this._empty(this._words.__('Looking …'));
    try {
      const shown = await this._choices.fetch(version);
      if (asked === this._asked) this._fill(name, shown);
    } catch (error) {
      if (asked === this._asked) this._empty(error instanceof Error ? error.message : String(error));
    }
  }

  /** Show nothing of a version. @param {string} why */
  _empty(why) {
    const { about, bar, cells, said } = this._parts;
    about.textContent = '';
    bar.replaceChildren(this._close());
    cells.replaceChildren();
    said.textContent = why;
    this._keepFocus();
  }

  /**
   * @param {string} name
   * @param {ShownVersion} shown
   */
  _fill(name, shown) {
    const { about, bar, cells, said } = this._parts;
    const { version: row } = shown;
    const told = [whole(this._words, row.time), came(this._words, row), row.writer];
    about.textContent = legible(told.filter(Boolean).join(' · '));
    cells.replaceChildren(this._cells(shown));
    cells.scrollTop = 0;
    bar.replaceChildren(...this._buttons(name, shown), element('span', { class: 'nbmerge-count' }, this._count(shown)));
    said.textContent = '';
    this._keepFocus();
  }

  /** Where what had the focus is not there any more, the title has it. */
  _keepFocus() {
    if (!this.node.contains(document.activeElement) || document.activeElement === this.node) this._parts.title.focus();
  }

  close() {
    this.node.close();
  }

  /**
   * @param {string} name
   * @param {ShownVersion} shown
   */
  _buttons(name, { before, after, head, version }) {
    const words = this._words;
    /** @param {string} text @param {string} label @param {number | null} number */
    const way = (text, label, number) =>
      button(text, () => number !== null && void this.show(name, number), { name: label, disabled: number === null });
    const restore = button(words.__('Restore this version'), () => void this._restore(version.version), {
      class: 'nbmerge-main',
      disabled: version.version === head
    });
    return [
      restore,
      way(words.__('‹ Older'), words.__('The version before'), before),
      way(words.__('Newer ›'), words.__('The version after'), after),
      this._close()
    ];
  }

  _close() {
    return button(this._words.__('Close'), () => this.close());
  }

  /** @param {number} version @param {number} [cell] */
  async _restore(version, cell) {
    const { said } = this._parts;
    said.textContent = this._words.__('Restoring …');
    const failed = await this._choices.restore(version, cell);
    said.textContent = failed;
    if (!failed) this.close();
  }

  /** @param {ShownVersion} shown */
  _count({ cells }) {
    const words = this._words;
    const count = cells.filter(cell => !cell.quiet).length;
    if (!count) return words.__('The notebook holds the same now.');
    return words._n('%1 cell is different now', '%1 cells are different now', count);
  }

  /** @param {ShownVersion} shown */
  _cells({ cells, style, version }) {
    const { host, inside } = reportPlace(style);
    /** @type {ComparedCell[]} */
    let run = [];
    const end = () => {
      if (run.length < RUN) inside.append(...run.map(cell => this._cell(cell, version.version)));
      else inside.append(this._folded(run, version.version));
      run = [];
    };
    for (const cell of cells) {
      if (cell.quiet) run.push(cell);
      else {
        end();
        inside.append(this._cell(cell, version.version));
      }
    }
    end();
    return host;
  }

  /**
   * Unchanged cells, which are made when somebody wants to see them.
   * @param {ComparedCell[]} run
   * @param {number} version
   */
  _folded(run, version) {
    const words = this._words;
    const summary = element('summary', {}, words._n('%1 unchanged cell', '%1 unchanged cells', run.length));
    const made = element('details', { class: 'run' }, summary);
    const unfold = () => made.append(...run.map(cell => this._cell(cell, version)));
    made.addEventListener('toggle', unfold, { once: true });
    return made;
  }

  /** @param {ComparedCell} cell @param {number} version */
  _cell(cell, version) {
    const words = this._words;
    const { then, now, status } = cell;
    const looks = /** @type {Record<string, string>} */ ({ changed: 'local', inserted: 'added', deleted: 'gone' });
    const names = /** @type {Record<string, string>} */ ({
      unchanged: words.__('unchanged'),
      changed: words.__('changed since'),
      inserted: words.__('new since'),
      deleted: words.__('gone now')
    });
    const name = now === null ? words.__('Former cell %1', then ?? 0) : words.__('Cell %1', now);
    const bar = element(
      'div',
      { class: 'bar' },
      element('h3', {}, name),
      element('span', {}, kind(words, cell)),
      element('span', { class: `who ${looks[status] ?? ''}` }, names[status] ?? status),
      cell.moved && element('span', { class: 'who local' }, words.__('moved')),
      then !== null && now !== null && then !== now && element('span', {}, words.__('was cell %1', then))
    );
    if (then !== null && !cell.quiet) {
      const label = words.__('Restore cell %1 as it was', then);
      bar.append(button(words.__('Restore this cell'), () => void this._restore(version, then), { name: label }));
    }
    const made = element('article', { class: 'cell', 'aria-label': name }, bar);
    made.append(reported(cell.html, words));
    return made;
  }
}
