/**
 * Owns: the commands of nbmerge, and their place in the palette.
 * Must not know: what they do.
 * Invariant: every command is in the palette, under the name of nbmerge, where there is one.
 */

/** @typedef {import('./plugin.js').Page} Page */
/**
 * @typedef {object} Command
 * @property {string} label
 * @property {() => boolean} [isEnabled]
 * @property {() => void | Promise<void>} execute
 */

/**
 * Add a command; what it is called by keys and menus.
 * @param {Page} page
 * @param {string} name
 * @param {Command} command
 */
export function addCommand({ app, palette }, name, command) {
  const id = `nbmerge:${name}`;
  app.commands.addCommand(id, command);
  palette?.addItem({ command: id, category: 'nbmerge' });
  return id;
}
