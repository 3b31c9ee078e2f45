/**
 * Owns: cells as the server's reports show them, in this page.
 * Must not know: what they are of.
 * Invariant: nothing in them can run or ask for anything: the server sends markup that it made of text; of that only
 * the elements and attributes below are made anew here, and a picture only from data in the page.
 */

const ELEMENTS = new Set(
  'b code details div h4 i img p pre s span summary table tbody td th thead tr'.split(' ')
);
const ATTRIBUTES = new Set(['alt', 'class', 'open', 'scope', 'title', 'width']);
const PICTURE = /^data:image\/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=]+$/;

/**
 * The elements that some markup stands for, made anew.
 * @param {string} markup
 * @returns {DocumentFragment}
 */
export function reported(markup) {
  const made = document.createDocumentFragment();
  // A document that is parsed so runs nothing and loads nothing.
  for (const node of new DOMParser().parseFromString(markup, 'text/html').body.childNodes) add(made, node);
  return made;
}

/** @param {Node} place @param {Node} node */
function add(place, node) {
  if (node.nodeType === Node.TEXT_NODE) {
    place.appendChild(document.createTextNode(node.nodeValue ?? ''));
    return;
  }
  if (!(node instanceof Element) || !ELEMENTS.has(node.localName)) return;
  const made = document.createElement(node.localName);
  for (const { name, value } of node.attributes) {
    if (ATTRIBUTES.has(name) || (name === 'src' && made.localName === 'img' && PICTURE.test(value))) {
      made.setAttribute(name, value);
    }
  }
  for (const child of node.childNodes) add(made, child);
  place.appendChild(made);
}

/**
 * A place that has the report's look, in the colours of the theme.
 * @param {string} style the report's
 * @returns {{host: HTMLElement, inside: HTMLElement}}
 */
export function reportPlace(style) {
  const host = document.createElement('div');
  host.className = 'nbmerge-report';
  const root = host.attachShadow({ mode: 'open' });
  root.adoptedStyleSheets = [sheet(style), sheet(THEME)];
  const inside = document.createElement('div');
  inside.className = 'page diff';
  root.append(inside);
  return { host, inside };
}

/** @param {string} text */
function sheet(text) {
  const made = new CSSStyleSheet();
  made.replaceSync(text);
  return made;
}

// The names of the report's colours, by those of the theme.  Their tints are mixed, since a theme has none that suit
// light and dark.
const THEME = `
:host{display:block;
--bg:var(--jp-layout-color1);--card:var(--jp-layout-color1);--ink:var(--jp-ui-font-color1);
--soft:color-mix(in srgb,var(--jp-ui-font-color1) 80%,var(--jp-layout-color1));
--line:var(--jp-border-color2);--code:var(--jp-cell-editor-background);
--local:color-mix(in srgb,var(--jp-brand-color1) 55%,var(--jp-ui-font-color1));
--local-tint:color-mix(in srgb,var(--jp-brand-color1) 12%,var(--jp-layout-color1));
--local-mark:color-mix(in srgb,var(--jp-brand-color1) 35%,var(--jp-layout-color1));
--remote:color-mix(in srgb,var(--jp-warn-color1) 50%,var(--jp-ui-font-color1));
--remote-tint:color-mix(in srgb,var(--jp-warn-color1) 12%,var(--jp-layout-color1));
--remote-mark:color-mix(in srgb,var(--jp-warn-color1) 35%,var(--jp-layout-color1));
--both:color-mix(in srgb,var(--jp-success-color1) 50%,var(--jp-ui-font-color1));
--both-tint:color-mix(in srgb,var(--jp-success-color1) 14%,var(--jp-layout-color1));
--both-mark:color-mix(in srgb,var(--jp-success-color1) 38%,var(--jp-layout-color1));
--clash:color-mix(in srgb,var(--jp-error-color1) 55%,var(--jp-ui-font-color1));
--clash-tint:color-mix(in srgb,var(--jp-error-color1) 12%,var(--jp-layout-color1));
--clash-line:var(--jp-error-color1);
--gone-mark:color-mix(in srgb,var(--jp-error-color1) 35%,var(--jp-layout-color1));
--r:var(--clash);--g:var(--both);--y:var(--remote);--b:var(--local);--m:var(--local);--c:var(--local)}
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
