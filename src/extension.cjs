/**
 * Owns: what VS Code calls.  Must not know: anything else.
 * Invariant: the modules are given `vscode`, so that they run under node too: older hosts know no import of it.
 */

const vscode = require('vscode');

/** @type {Promise<import('./plugin.js').Plugin> | undefined} */
let plugin;

/** @param {import('vscode').ExtensionContext} context */
exports.activate = async context => {
  plugin = import('./plugin.js').then(module => module.start(vscode, context));
  return plugin;
};

exports.deactivate = async () => (await plugin)?.stop();
