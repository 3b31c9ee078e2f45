// Owns: what the page asks of the program that serves it, one thing after the other.
// Must not know: what is on the page.  Invariant: what was asked first is answered first; a text that is still being
// typed is sent before anything that is pressed; nothing is sent to anybody else.

/**
 * @typedef {object} ConflictState What the page shows of one conflict.
 * @property {number} number
 * @property {boolean} settled
 * @property {string} way "" while it is open, "edited" for a text that somebody wrote
 * @property {string} words
 * @property {string | null} text null: no text comes of it
 * @property {string} note
 */

/**
 * @typedef {object} Told What the page is told; `conflicts` are those that changed.
 * @property {number} [total]
 * @property {number} [settled]
 * @property {number} [unsaved]
 * @property {boolean} [undo]
 * @property {string} [said]
 * @property {boolean} [changed] others have written the notebook
 * @property {number} [step] how often something was chosen, here or in another tab
 * @property {boolean} [again] the page is to be loaded again
 * @property {string} [over] the visit is over, and why
 * @property {string} [failed]
 * @property {ConflictState[]} [conflicts]
 */

/** @type {Promise<unknown>} */
let last = Promise.resolve();
let isOver = false;

/** Nothing is asked any more. */
export function hangUp() {
  isOver = true;
}

/**
 * Ask for something; what is told is given to `take` before anything else is asked.
 * @param {string} what
 * @param {object} sent
 * @param {(told: Told) => void} take
 */
export function ask(what, sent, take) {
  const asked = last.then(async () => {
    if (!isOver) take(await post(what, sent));
  });
  last = asked.catch(() => {});
  return asked;
}

/** When all that was asked is answered. */
export function answered() {
  return last;
}

/**
 * Ask at once, whatever was asked before.
 * @param {string} what
 * @param {object} sent
 * @returns {Promise<Told>}
 */
export async function post(what, sent) {
  const body = JSON.stringify({ ...sent, edition: Number(document.body.dataset.edition) });
  try {
    // one that is kept alive goes out although the page is closed; browsers do that for small ones only
    const keepalive = new Blob([body]).size < 30000;
    const answer = await fetch(what, { method: "POST", body, keepalive });
    return await answer.json();
  } catch {
    return { failed: "nbmerge does not answer any more: what you did just now is not kept." };
  }
}
