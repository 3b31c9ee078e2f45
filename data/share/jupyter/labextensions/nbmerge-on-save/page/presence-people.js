/**
 * Owns: the people and programs of a notebook as its toolbar shows them, and the marks at the sides of cells.
 * Must not know: how anybody is heard of, where their places are.
 * Invariant: names are text wherever they stand; everything that can be clicked can be reached by keyboard, and
 * says what it is; where nobody is, nothing is shown.
 */

import { button, call, element } from './elements.js';
import { paint, paintOf } from './presence-colours.js';

/** @typedef {import('./words.js').Words} Words */
/**
 * Somebody, as they are shown: `seen` is the page's time in milliseconds at which they last moved.
 * @typedef {object} Shown
 * @property {string} id
 * @property {string} name
 * @property {string} initials
 * @property {string} colour
 * @property {boolean} yours
 * @property {number} seen
 */
/**
 * What has saved, "" where it has no name; `saved` is the page's time.
 * @typedef {{name: string, saved: number}} Program
 */
/**
 * @typedef {object} Asked
 * @property {(id: string) => number} cell the number of the cell in which somebody is, 0: in none
 * @property {(id: string) => void} go
 * @property {(program: string) => void} goToProgram
 * @property {() => number} now
 * @property {() => boolean} narrow whether there is little room
 */

const NOW = 15; // seconds
const AWAY = 60_000; // milliseconds
const [MOST, FEW] = [6, 2]; // people that are shown by themselves
const MOST_BARS = 5; // at one cell

/**
 * @param {Words} words
 * @param {number} milliseconds
 */
function ago(words, milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return words.__('%1 s ago', seconds);
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? words.__('%1 min ago', minutes) : words.__('%1 h ago', Math.round(minutes / 60));
}

/** The item of the toolbar. */
export class PeopleBar {
  /**
   * @param {typeof import('@lumino/widgets').Widget} WidgetClass
   * @param {Words} words
   * @param {Asked} asked
   */
  constructor(WidgetClass, words, asked) {
    this.widget = new WidgetClass();
    this._words = words;
    this._asked = asked;
    /** @type {readonly Shown[]} */
    this._people = [];
    /** @type {readonly Program[]} */
    this._programs = [];
    /** What stands in the toolbar, by whom it is for. @type {Map<string, HTMLElement>} */
    this._buttons = new Map();
    const { node } = this.widget;
    node.classList.add('nbmerge-people');
    node.setAttribute('role', 'group');
    node.setAttribute('aria-label', words.__('Who else is in this notebook'));
    // What a button says gets old; it is made anew when somebody looks.
    for (const event of ['pointerenter', 'focusin']) node.addEventListener(event, () => this.refresh());
  }

  /**
   * @param {readonly Shown[]} people
   * @param {readonly Program[]} programs
   */
  show(people, programs) {
    this._people = people;
    this._programs = programs;
    const { node } = this.widget;
    const [focused] = [...this._buttons].find(([, one]) => one === document.activeElement) ?? [];
    const most = this._asked.narrow() ? FEW : MOST;
    const few = people.length <= most ? people : people.slice(0, most - 1);
    this._buttons = new Map();
    for (const one of few) this._buttons.set(`person ${one.id}`, this._person(one));
    if (few.length < people.length) this._buttons.set('more', this._more(few.length));
    for (const one of programs) this._buttons.set(`program ${one.name}`, this._program(one));
    node.replaceChildren(...this._buttons.values());
    this.refresh();
    if (focused) this._buttons.get(focused)?.focus();
  }

  /** What is said of each, as of now. */
  refresh() {
    for (const one of this._people) {
      const shown = this._buttons.get(`person ${one.id}`);
      if (!shown) continue;
      const idle = this._asked.now() - one.seen;
      shown.classList.toggle('nbmerge-away', idle > AWAY);
      call(shown, this._saying(one, idle));
    }
    for (const one of this._programs) {
      const shown = this._buttons.get(`program ${one.name}`);
      const when = ago(this._words, this._asked.now() - one.saved);
      if (!shown) continue;
      shown.textContent = this._asked.narrow() ? '⚙' : `⚙ ${when}`;
      const name = one.name || this._words.__('A program');
      call(shown, this._words.__('%1 saved this notebook, %2', name, when));
    }
  }

  /** @param {Shown} one @param {number} idle */
  _saying(one, idle) {
    const words = this._words;
    const cell = this._asked.cell(one.id);
    return [
      one.yours ? words.__('%1, another tab', one.name) : one.name,
      cell ? words.__('in cell %1', cell) : '',
      idle > NOW * 1000 ? words.__('moved %1', ago(words, idle)) : ''
    ]
      .filter(Boolean)
      .join(', ');
  }

  /** @param {Shown} one */
  _person(one) {
    const made = button(one.initials, () => this._asked.go(one.id), { class: 'nbmerge-person' });
    paint(made, paintOf(one.colour));
    return made;
  }

  /** @param {Program} one */
  _program(one) {
    return button('', () => this._asked.goToProgram(one.name), { class: 'nbmerge-program' });
  }

  /** @param {number} shown */
  _more(shown) {
    const others = this._people.slice(shown);
    const name = this._words.__('Show all: %1', others.map(one => one.name).join(', '));
    const attributes = { class: 'nbmerge-more', 'aria-haspopup': 'true', name };
    return button(`+${others.length}`, () => this._showList(), attributes);
  }

  /** All people by their names, in a list that goes away when one is chosen, by Escape, or by a click elsewhere. */
  _showList() {
    const label = this._words.__('Who else is in this notebook');
    const list = element('div', { class: 'nbmerge-everybody', popover: 'auto', role: 'group', 'aria-label': label });
    for (const one of this._people) {
      const go = () => {
        list.hidePopover();
        this._asked.go(one.id);
      };
      const listed = button(one.name, go, { name: this._saying(one, this._asked.now() - one.seen) });
      paint(listed, paintOf(one.colour));
      list.append(listed);
    }
    list.addEventListener('toggle', event => {
      if (/** @type {ToggleEvent} */ (event).newState !== 'closed') return;
      const { activeElement } = document;
      const isLeft = !activeElement || activeElement === document.body || list.contains(activeElement);
      list.remove();
      if (isLeft) this._buttons.get('more')?.focus(); // the one that was pressed may have been made anew since
    });
    const { left, bottom } = this.widget.node.getBoundingClientRect();
    list.style.left = `${left}px`;
    list.style.top = `${bottom}px`;
    document.body.append(list);
    list.showPopover();
    /** @type {HTMLElement} */ (list.firstChild).focus();
  }
}

/**
 * Mark a cell at its side as where these people are; nobody: take the mark away.
 * @param {HTMLElement} cell
 * @param {readonly Shown[]} people
 * @param {Words} words
 */
export function markCell(cell, people, words) {
  const old = /** @type {HTMLElement | null} */ (cell.querySelector(':scope > .nbmerge-here'));
  if (!people.length) {
    old?.remove();
    return;
  }
  const whose = people.map(({ id, colour }) => `${id} ${paintOf(colour).colour}`).join();
  if (old?.dataset['whose'] === whose) return;
  const mark = element('div', { class: 'nbmerge-here', 'data-whose': whose });
  for (const one of people.slice(0, MOST_BARS)) {
    const bar = element('span', { role: 'img' });
    call(bar, words.__('%1 is here', one.name));
    paint(bar, paintOf(one.colour));
    mark.append(bar);
  }
  if (old) old.replaceWith(mark);
  else cell.append(mark);
}
