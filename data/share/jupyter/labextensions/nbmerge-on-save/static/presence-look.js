/**
 * Owns: how people look in the page: the styles, and the colours that can be seen and written on.
 * Must not know: who is where.
 * Invariant: whatever colour is given, what comes of it is one, opaque, with text on it that can be read; the rest
 * is in the colours of the theme.
 */

/** A colour, and that of text on it. @typedef {{colour: string, ink: string}} Paint */

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
  padding: 4px 8px; margin: 2px 0; background: none; color: var(--jp-ui-font-color1); cursor: pointer;
  text-align: start; font: var(--jp-ui-font-size1) var(--jp-ui-font-family); white-space: nowrap; overflow: hidden;
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

/** Give an element these colours. @param {HTMLElement} node @param {Paint} paint */
export function paint(node, { colour, ink }) {
  node.style.setProperty('--nbmerge-colour', colour);
  node.style.setProperty('--nbmerge-ink', ink);
}
