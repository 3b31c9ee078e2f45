// Owns: what the keys do.
// Must not know: how it is done.  Invariant: a key of one letter does something only where it types nothing, and only
// while that is switched on; what has Ctrl, Alt or Meta with it is the browser's, but for saving.

/**
 * @typedef {object} Actions
 * @property {(step: 1 | -1, open?: boolean) => void} step
 * @property {(name: string) => void} way
 * @property {() => void} edit
 * @property {() => void} leave
 * @property {() => void} undo
 * @property {() => void} save
 * @property {() => void} help
 * @property {() => void} out
 */

/** @param {Actions} actions */
export function listen(actions) {
  /** @type {Record<string, () => void>} */
  const keys = {
    j: () => actions.step(1),
    n: () => actions.step(1),
    k: () => actions.step(-1),
    p: () => actions.step(-1),
    o: () => actions.step(1, true),
    e: actions.edit,
    x: actions.leave,
    u: actions.undo,
    "?": actions.help,
  };
  for (const name of ["0", "1", "2", "3", "4"]) keys[name] = () => actions.way(name);
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    const types = target instanceof HTMLTextAreaElement;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && key.toLowerCase() === "s") {
      event.preventDefault();
      actions.save();
    } else if (types && key === "Escape") {
      event.preventDefault();
      actions.out();
    } else if (!types && isPlain(event) && Object.hasOwn(keys, key)) {
      event.preventDefault();
      keys[key]?.();
    }
  });
}

/** @param {KeyboardEvent} event */
function isPlain(event) {
  const on = document.getElementById("with-keys");
  const isOn = !(on instanceof HTMLInputElement) || on.checked;
  return isOn && !event.ctrlKey && !event.altKey && !event.metaKey && !event.isComposing && !document.querySelector("dialog[open]");
}
