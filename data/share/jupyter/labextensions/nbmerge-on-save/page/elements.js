/**
 * Owns: making elements of the page out of text, and bringing in how they look.
 * Must not know: what they are for.
 * Invariant: what is said is text and nothing else: no string becomes an element, an attribute's name or a handler,
 * and none turns around what stands beside it.
 */

/** @typedef {Node | string | null | undefined | false} Content */
/**
 * What an element has: attributes by their names (null, undefined and false: not), and what happens on events.
 * @typedef {Record<string, string | number | boolean | null | undefined>} Attributes
 */

// Controls, and the marks that reorder text: they are shown by their numbers.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** A text as it can be read. @param {string} text */
export const legible = text =>
  text.replace(HIDDEN, mark => `⟨U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`);

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Attributes} [attributes]
 * @param {...Content} content
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, attributes = {}, ...content) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(attribute, value === true ? '' : legible(String(value)));
    }
  }
  for (const one of content) if (one) made.append(typeof one === 'string' ? legible(one) : one);
  return made;
}

/**
 * A button; `name`: what it is called where its text alone does not say it.
 * @param {string} text
 * @param {() => void} press
 * @param {Attributes & {name?: string}} [attributes]
 * @returns {HTMLButtonElement}
 */
export function button(text, press, { name, ...attributes } = {}) {
  const made = element('button', { type: 'button', ...attributes }, text);
  if (name) call(made, name);
  made.addEventListener('click', press);
  return made;
}

/**
 * Say what an element is: to those who point at it, and to those who hear.
 * @param {HTMLElement} node
 * @param {string} name
 */
export function call(node, name) {
  node.title = legible(name);
  node.setAttribute('aria-label', legible(name));
}

/** Bring in a style sheet that lies beside this module. @param {string} file */
export function bringStyle(file) {
  document.head.append(element('link', { rel: 'stylesheet', href: new URL(file, import.meta.url).href }));
}
