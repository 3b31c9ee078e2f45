/**
 * Owns: the colours of people as this page shows them, and those of text on them.
 * Must not know: who they are, what is drawn.
 * Invariant: whatever colour is given, what comes of it is one, opaque, with text on it that can be read.
 */

import { element } from './elements.js';

/** A colour, and that of text on it. @typedef {{colour: string, ink: string}} Paint */

const GREY = '#808080';

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
  const probe = element('span');
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

/** Give an element these colours. @param {HTMLElement} node @param {Paint} paint */
export function paint(node, { colour, ink }) {
  node.style.setProperty('--nbmerge-colour', colour);
  node.style.setProperty('--nbmerge-ink', ink);
}
