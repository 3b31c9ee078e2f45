/**
 * Owns: the people and programs of a notebook as its toolbar shows them, and the marks at the sides of cells.
 * Must not know: how anybody is heard of, where their places are.
 * Invariant: names are text wherever they stand; everything that can be clicked can be reached by keyboard, and
 * says what it is; where nobody is, nothing is shown.
 */

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
/** @typedef {{colour: string, ink: string}} Paint */
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
const GREY = '#808080';

const LOOK = `
.nbmerge-people { display: flex; align-items: center; gap: 3px; padding: 0 4px; flex: 0 0 auto; }
.nbmerge-people:empty { display: none; }
.nbmerge-people button { font: 600 11px var(--jp-ui-font-family); height: 20px; min-width: 20px; padding: 0 3px;
  border: none; border-radius: 10px; cursor: pointer; background: var(--nbmerge-colour); color: var(--nbmerge-ink);
  white-space: nowrap; overflow: hidden; flex: 0 0 auto; }
.nbmerge-people button:focus-visible { outline: 2px solid var(--jp-brand-color1); outline-offset: 1px; }
.nbmerge-people button.nbmerge-away { opacity: 0.6; }
.nbmerge-people button.nbmerge-program, .nbmerge-people button.nbmerge-more { border-radius: 3px;
  background: var(--jp-layout-color3); color: var(--jp-ui-font-color0); font-weight: 400; }
.nbmerge-everybody { inset: auto; margin: 2px 0 0; padding: 4px; border: 1px solid var(--jp-border-color1);
  max-height: 60vh; max-width: 320px; overflow-y: auto; background: var(--jp-layout-color1);
  box-shadow: var(--jp-elevation-z6); }
.nbmerge-everybody button { display: block; width: 100%; border: none; border-left: 4px solid var(--nbmerge-colour);
  padding: 4px 8px; margin: 2px 0; background: none; color: var(--jp-ui-font-color1); cursor: pointer; text-align: start;
  font: var(--jp-ui-font-size1) var(--jp-ui-font-family); white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; }
.nbmerge-everybody button:hover { background: var(--jp-layout-color2); }
.nbmerge-everybody button:focus-visible { outline: 2px solid var(--jp-brand-color1); outline-offset: -2px; }
.jp-Cell:has(> .nbmerge-here) { position: relative; }
.nbmerge-here { position: absolute; right: 0; top: 4px; bottom: 4px; display: flex; gap: 2px; z-index: 1;
  pointer-events: none; }
.nbmerge-here > span { width: 4px; border-radius: 2px; background: var(--nbmerge-colour); pointer-events: auto; }
.nbmerge-carets, .nbmerge-selections { pointer-events: none; }
.nbmerge-caret { background: var(--nbmerge-colour); }
.nbmerge-selection { background: var(--nbmerge-colour); opacity: 0.3; }
.nbmerge-caret-label { position: absolute; height: 16px; padding: 0 4px; border-radius: 3px;
  font: 11px/16px var(--jp-ui-font-family); background: var(--nbmerge-colour); color: var(--nbmerge-ink);
  white-space: nowrap; max-width: 160px; box-sizing: border-box; overflow: hidden; text-overflow: ellipsis;
  animation: nbmerge-fade 0.3s 2.5s forwards; }
.nbmerge-caret-label.nbmerge-above { bottom: 100%; }
.nbmerge-caret-label.nbmerge-below { top: 100%; }
.nbmerge-caret-label.nbmerge-behind { top: 0; }
@keyframes nbmerge-fade { to { opacity: 0; } }
`;

/** Bring the look into the page, once. */
export function bringLook() {
  if (document.getElementById('nbmerge-presence-look')) return;
  const style = document.createElement('style');
  style.id = 'nbmerge-presence-look';
  style.textContent = LOOK;
  document.head.append(style);
}

/** What colours come out as, by theme: to find it out, the page's styles are computed. @type {Map<string, Paint>} */
const known = new Map();

/**
 * A colour as it comes out in this page's theme, opaque, and black or white for text on it.
 * @param {string} colour
 * @returns {Paint}
 */
export function paintOf(colour) {
  const key = `${document.body.dataset['jpThemeName']} ${colour}`;
  const found = known.get(key) ?? computed(colour);
  if (known.size < 1000) known.set(key, found);
  return found;
}

/** @param {string} colour @returns {Paint} */
function computed(colour) {
  const probe = document.createElement('span');
  probe.style.color = GREY;
  if (CSS.supports('color', colour)) probe.style.color = colour;
  document.body.append(probe);
  const [red, green, blue, alpha = 1] = (getComputedStyle(probe).color.match(/[\d.]+/g) ?? []).map(Number);
  probe.remove();
  if (!(alpha > 0.5)) return { colour: GREY, ink: '#000' };
  const [r, g, b] = [red, green, blue].map(one => ((one / 255 + 0.055) / 1.055) ** 2.4);
  const isBright = 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179;
  return { colour: `rgb(${red}, ${green}, ${blue})`, ink: isBright ? '#000' : '#fff' };
}

/** @param {HTMLElement} node @param {Paint} paint */
function paint(node, { colour, ink }) {
  node.style.setProperty('--nbmerge-colour', colour);
  node.style.setProperty('--nbmerge-ink', ink);
}

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
      if (/** @type {ToggleEvent} */ (event).newState === 'closed') list.remove();
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
