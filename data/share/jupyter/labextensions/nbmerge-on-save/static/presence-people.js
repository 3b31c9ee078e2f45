/**
 * Owns: the people and programs of a notebook as its toolbar shows them, and the marks at the sides of cells.
 * Must not know: how anybody is heard of, where their places are.
 * Invariant: names are text wherever they stand; everything that can be clicked can be reached by keyboard, and
 * says what it is; where nobody is, nothing is shown.
 */

import { paint, paintOf } from './presence-look.js';

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
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset['nbmerge'];
    const most = this._asked.narrow() ? FEW : MOST;
    const few = people.length <= most ? people : people.slice(0, most - 1);
    const buttons = [...few.map(one => this._person(one)), ...(few === people ? [] : [this._more(few.length)])];
    node.replaceChildren(...buttons, ...programs.map(one => this._program(one)));
    this.refresh();
    if (focused) this._button(focused)?.focus();
  }

  /** What is said of each, as of now. */
  refresh() {
    for (const one of this._people) {
      const button = this._button(`person ${one.id}`);
      if (!button) continue;
      const idle = this._asked.now() - one.seen;
      button.classList.toggle('nbmerge-away', idle > 60_000);
      say(button, this._saying(one, idle));
    }
    for (const one of this._programs) {
      const button = this._button(`program ${one.name}`);
      const when = ago(this._words, this._asked.now() - one.saved);
      if (!button) continue;
      button.textContent = this._asked.narrow() ? '⚙' : `⚙ ${when}`;
      const name = one.name || this._words.__('A program');
      say(button, this._words.__('%1 saved this notebook, %2', name, when));
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
    const button = this._made(`person ${one.id}`, one.initials, () => this._asked.go(one.id));
    button.classList.add('nbmerge-person');
    paint(button, paintOf(one.colour));
    return button;
  }

  /** @param {Program} one */
  _program(one) {
    const button = this._made(`program ${one.name}`, '', () => this._asked.goToProgram(one.name));
    button.classList.add('nbmerge-program');
    return button;
  }

  /** @param {number} shown */
  _more(shown) {
    const others = this._people.slice(shown);
    const button = this._made('more', `+${others.length}`, () => this._showList());
    button.classList.add('nbmerge-more');
    button.setAttribute('aria-haspopup', 'true');
    say(button, this._words.__('Show all: %1', others.map(one => one.name).join(', ')));
    return button;
  }

  /** All people by their names, in a list that goes away when one is chosen, by Escape, or by a click elsewhere. */
  _showList() {
    const list = document.createElement('div');
    list.className = 'nbmerge-everybody';
    list.popover = 'auto';
    list.setAttribute('role', 'group');
    list.setAttribute('aria-label', this._words.__('Who else is in this notebook'));
    for (const one of this._people) {
      const go = () => {
        list.hidePopover();
        this._asked.go(one.id);
      };
      const button = this._made(`listed ${one.id}`, one.name, go);
      say(button, this._saying(one, this._asked.now() - one.seen));
      paint(button, paintOf(one.colour));
      list.append(button);
    }
    list.addEventListener('toggle', event => {
      if (/** @type {ToggleEvent} */ (event).newState !== 'closed') return;
      const { activeElement } = document;
      const isLeft = !activeElement || activeElement === document.body || list.contains(activeElement);
      list.remove();
      if (isLeft) this._button('more')?.focus(); // the one that was pressed may have been made anew since
    });
    const { left, bottom } = this.widget.node.getBoundingClientRect();
    list.style.left = `${left}px`;
    list.style.top = `${bottom}px`;
    document.body.append(list);
    list.showPopover();
    /** @type {HTMLElement} */ (list.firstChild).focus();
  }

  /**
   * @param {string} key
   * @param {string} text
   * @param {() => void} go
   */
  _made(key, text, go) {
    const button = document.createElement('button');
    button.type = 'button';
    button.dataset['nbmerge'] = key;
    button.textContent = text;
    button.addEventListener('click', go);
    return button;
  }

  /** @param {string} key @returns {HTMLElement | undefined} */
  _button(key) {
    const buttons = /** @type {Iterable<HTMLElement>} */ (this.widget.node.children);
    return [...buttons].find(one => one.dataset['nbmerge'] === key);
  }
}

/** @param {HTMLElement} button @param {string} text */
function say(button, text) {
  button.title = text;
  button.setAttribute('aria-label', text);
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
  const mark = document.createElement('div');
  mark.className = 'nbmerge-here';
  mark.dataset['whose'] = whose;
  for (const one of people.slice(0, MOST_BARS)) {
    const bar = document.createElement('span');
    bar.setAttribute('role', 'img');
    say(bar, words.__('%1 is here', one.name));
    paint(bar, paintOf(one.colour));
    mark.append(bar);
  }
  if (old) old.replaceWith(mark);
  else cell.append(mark);
}
