// Owns: what happens when something is pressed or typed on the page on which conflicts are settled.
// Must not know: what a conflict is.  Invariant: what is typed is sent while it is typed, and before anything else is
// done; whoever closes the page with choices that are not saved is asked first.

import { byId, cardAt, cardOf, cards, currentCard, fieldOf, fit, goTo, makeCurrent, numberOf, show, step } from "./cards.js";
import { listen } from "./keys.js";
import { answered, ask, hangUp, post } from "./talk.js";

/** @typedef {import("./talk.js").Told} Told */

const PAUSE = 300; // milliseconds without a key after which a text is sent
const LOOK = 2000; // milliseconds between two looks at whether others have written the notebook

let unsaved = 0;
let over = false;
let steps = 0;

/** The texts that are typed and not kept yet, by the number of the conflict. @type {Map<number, string>} */
const typed = new Map();
/** Those of them that are on their way. @type {Map<number, string>} */
const sent = new Map();
/** Why the text of a conflict was not taken: nothing is saved before that is mended. @type {Map<number, string>} */
const refused = new Map();
/** @type {number | undefined} */
let timer;

/** @param {Told} told */
function take(told) {
  if (over) return;
  if (told.over !== undefined) return end(told.over);
  if (told.again) return loadAgain();
  for (const state of told.conflicts ?? []) {
    refused.delete(state.number);
    show(state, typed.has(state.number));
  }
  if (told.total !== undefined) progress(told);
  else if (told.step !== undefined && told.step !== steps) ask("state", {}, take); // another tab has gone on
  steps = told.step ?? steps;
  if (told.changed !== undefined) tellChanged(told.changed);
  const isLook = told.failed === undefined && told.total === undefined; // nothing was done: it mends nothing
  if (!isLook) tellFailed(told.failed ?? "");
}

/** @param {string} words */
function tellFailed(words) {
  byId("failed").hidden = !words;
  byId("failed").textContent = words;
}

/** @param {Told} told */
function progress(told) {
  const [total, settled] = [told.total ?? 0, told.settled ?? 0];
  const words = `${settled} of ${total} settled`;
  unsaved = told.unsaved ?? 0;
  byId("progress").setAttribute("value", String(settled));
  byId("count").textContent = words;
  if (told.said) byId("said").textContent = `${told.said} ${words}.`;
  byId("undo").toggleAttribute("disabled", !told.undo);
  byId("save").toggleAttribute("disabled", !unsaved);
  byId("save").textContent = settled === total ? "Save and finish" : "Save";
  for (const button of document.querySelectorAll("[data-all]")) button.toggleAttribute("disabled", settled === total);
  byId("close").textContent = unsaved ? "Close without saving" : "Close";
}

/** @param {boolean} changed */
function tellChanged(changed) {
  if (byId("changed").hidden !== changed) return; // it is told already
  byId("changed").hidden = !changed;
  byId("changed-words").textContent = changed ? "Others have written the notebook since this page was made." : "";
}

/** @param {string} words */
function end(words) {
  over = true;
  hangUp();
  here.close();
  document.querySelector(".tools")?.remove();
  const said = document.createElement("p");
  said.id = "over";
  said.className = "verdict clean";
  said.setAttribute("role", "status");
  said.textContent = words;
  byId("page").replaceChildren(said);
}

function loadAgain() {
  over = true;
  hangUp();
  scrollTo(0, 0);
  location.reload();
}

/** Send what was typed. */
function flush() {
  clearTimeout(timer);
  for (const [conflict, text] of typed) {
    if (sent.get(conflict) === text) continue;
    sent.set(conflict, text);
    ask("write", { conflict, text }, (told) => {
      if (typed.get(conflict) === text) typed.delete(conflict);
      if (sent.get(conflict) === text) sent.delete(conflict);
      if (told.failed === undefined) refused.delete(conflict);
      else refused.set(conflict, told.failed);
      take(told);
    });
  }
}

/** The same for a page that is going: it cannot wait for what was asked before. */
function flushAtOnce() {
  for (const [conflict, text] of typed) post("write", { conflict, text });
}

/** @param {string} what @param {object} sent @param {(told: Told) => void} then */
function press(what, sent = {}, then = take) {
  flush();
  return ask(what, sent, then);
}

/** @param {HTMLElement | undefined} card */
async function edit(card) {
  const field = card && fieldOf(card);
  if (!card || !field) return;
  await press("edit", { conflict: numberOf(card) });
  field.hidden = false;
  field.focus();
}

/** @param {Element} button */
function pressed(button) {
  const card = cardAt(button);
  const way = button.getAttribute("data-way");
  const all = button.getAttribute("data-all");
  if (card && (way !== null || button.hasAttribute("data-reopen"))) refused.delete(numberOf(card));
  if (all !== null) press("take-all", { way: all });
  else if (card && way !== null) press("take", { conflict: numberOf(card), way });
  else if (card && button.hasAttribute("data-edit")) edit(card);
  else if (card && button.hasAttribute("data-reopen")) reopen(card);
  else ACTIONS[button.id]?.();
}

/** @param {HTMLElement} card */
function reopen(card) {
  card.focus({ preventScroll: true }); // the button goes
  press("reopen", { conflict: numberOf(card) });
}

/** @type {Record<string, () => void>} */
const ACTIONS = {
  previous: () => step(-1),
  next: () => step(1),
  undo: () => undo(),
  save: () => save(),
  close: () => press("close"),
  again: () => press("again"),
  afresh: () => {
    byId("afresh").closest("p")?.remove();
    press("reopen-all");
  },
  help: () => dialog().showModal(),
  "help-close": () => dialog().close(),
};

function undo() {
  press("undo", {}, (told) => {
    take(told);
    const [first] = told.conflicts ?? [];
    if (first) goTo(cardOf(first.number));
  });
}

async function save() {
  flush();
  await answered();
  const [first] = refused;
  if (first === undefined) return ask("save", {}, take);
  tellFailed(first[1]);
  goTo(cardOf(first[0]));
}

/** @returns {HTMLDialogElement} */
function dialog() {
  const found = byId("keys");
  if (!(found instanceof HTMLDialogElement)) throw new Error("the page has no list of keys");
  return found;
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (button) pressed(button);
});

document.addEventListener("focusin", (event) => {
  const card = cardAt(event.target);
  if (card) makeCurrent(card);
});

document.addEventListener("input", (event) => {
  const card = cardAt(event.target);
  if (!card || !(event.target instanceof HTMLTextAreaElement)) return;
  fit(event.target);
  typed.set(numberOf(card), event.target.value);
  unsaved = Math.max(unsaved, 1);
  clearTimeout(timer);
  timer = setTimeout(flush, PAUSE);
});

document.addEventListener("focusout", (event) => {
  if (event.target instanceof HTMLTextAreaElement && typed.size) flush();
});

for (const card of document.querySelectorAll(".map a")) {
  card.addEventListener("click", (event) => {
    event.preventDefault();
    goTo(cardOf(Number(card.getAttribute("data-square"))));
  });
}

listen({
  step,
  way: (name) => {
    const card = currentCard();
    const button = [...(card?.querySelectorAll("[data-way]") ?? [])].find((each) => each.getAttribute("data-key") === name);
    if (card && button) {
      goTo(card);
      pressed(button);
    }
  },
  edit: () => edit(currentCard()),
  leave: () => {
    const card = currentCard();
    if (card) reopen(card);
  },
  undo,
  save,
  help: () => dialog().showModal(),
  out: () => goTo(cardAt(document.activeElement) ?? undefined),
});

addEventListener("beforeunload", (event) => {
  flush();
  if (!over && unsaved) event.preventDefault();
});
addEventListener("pagehide", flushAtOnce);

// The program ends when nobody looks any more: it sees this connection break.
const here = new EventSource(`here?page=${document.body.dataset.page}`);
here.addEventListener("over", async () => {
  await answered(); // the last answer says more
  if (!over) end("This is over; you can close this page.");
});

function look() {
  if (!over && document.visibilityState === "visible") ask("look", {}, take);
}
setInterval(look, LOOK);
document.addEventListener("visibilitychange", look);

if (cards[0]) makeCurrent(cards[0]);
ask("state", {}, take).then(() => document.body.toggleAttribute("data-ready", true));
