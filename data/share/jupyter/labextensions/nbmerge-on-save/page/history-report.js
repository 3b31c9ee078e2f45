/**
 * Owns: cells as the server's reports show them, in this page.
 * Must not know: what they are of.
 * Invariant: nothing in them can run or ask for anything: the server sends markup that it made of text; of that only
 * the elements and attributes below are made anew here, and a picture only from data in the page.
 */

import { element } from './elements.js';
import { told } from './history-report-words.js';

/** @typedef {import('./words.js').Words} Words */

const ELEMENTS = new Set('b code details div h4 i img p pre s span summary table tbody td th thead tr'.split(' '));
const ATTRIBUTES = new Set(['alt', 'class', 'open', 'scope', 'title', 'width']);
const PICTURE = /^data:image\/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=]+$/;
// Where words stand that are the server's, and no notebook's.
const OURS = 'summary, h4, h4 > .who, thead th, p.cut, p.empty, .ours';

/**
 * The elements that some markup stands for, made anew.
 * @param {string} markup
 * @param {Words} words
 * @returns {DocumentFragment}
 */
export function reported(markup, words) {
  const made = document.createDocumentFragment();
  // A document that is parsed so runs nothing and loads nothing.
  for (const node of new DOMParser().parseFromString(markup, 'text/html').body.childNodes) add(made, node, words);
  return made;
}

/** @param {Node} place @param {Node} node @param {Words} words */
function add(place, node, words) {
  if (node.nodeType === Node.TEXT_NODE) {
    const text = node.nodeValue ?? '';
    place.appendChild(document.createTextNode(node.parentElement?.matches(OURS) ? told(words, text) : text));
    return;
  }
  if (!(node instanceof Element) || !ELEMENTS.has(node.localName)) return;
  const made = document.createElement(node.localName);
  for (const { name, value } of node.attributes) {
    if (ATTRIBUTES.has(name) || (name === 'src' && made.localName === 'img' && PICTURE.test(value))) {
      made.setAttribute(name, name === 'alt' && node.matches(OURS) ? told(words, value) : value);
    }
  }
  for (const child of node.childNodes) add(made, child, words);
  place.appendChild(made);
}

/**
 * A place that has the report's look, and nothing of the page's but the colours of the theme.
 * @param {string} style the report's
 * @returns {{host: HTMLElement, inside: HTMLElement}}
 */
export function reportPlace(style) {
  const host = element('div', { class: 'nbmerge-report' });
  const root = host.attachShadow({ mode: 'open' });
  root.adoptedStyleSheets = [sheet(style), sheet(INSIDE)];
  const inside = element('div', { class: 'page diff' });
  root.append(inside);
  return { host, inside };
}

/** @param {string} text */
function sheet(text) {
  const made = new CSSStyleSheet();
  made.replaceSync(text);
  return made;
}

// What the report's sheet has otherwise for a page of its own.  Its colours are named in history.css.
const INSIDE = `
.page{max-width:none;margin:0;padding:0;color:var(--ink);background:var(--bg);
font:var(--jp-ui-font-size1)/1.5 var(--jp-ui-font-family)}
code,pre,.ln{font-family:var(--jp-code-font-family)}
.ln{grid-template-columns:2.2rem minmax(0,1fr)}
.bar h3{color:var(--ink)}
.bar button{margin-inline-start:auto}
.cell{margin:8px 0}
details>summary{font-size:inherit}
button{font:inherit;padding:2px 10px;border:1px solid var(--jp-border-color1);border-radius:3px;
background:var(--jp-layout-color2);color:var(--jp-ui-font-color1);cursor:pointer}
button:hover{background:var(--jp-layout-color3)}
:focus-visible{outline:2px solid var(--jp-brand-color1);outline-offset:1px}
`;
