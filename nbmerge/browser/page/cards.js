// Owns: the cards of the conflicts: what each shows of what was chosen, and which of them is the current one.
// Must not know: how it is asked for, which keys there are.  Invariant: a card shows what the program told last; a
// text that somebody is typing is not written over by what was told about an earlier one.

/** @typedef {import("./talk.js").ConflictState} ConflictState */

/** @param {string} id @returns {HTMLElement} */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found;
}

/** @type {HTMLElement[]} */
export const cards = [...document.querySelectorAll("[data-conflict]")].filter((each) => each instanceof HTMLElement);

const squares = new Map([...document.querySelectorAll("[data-square]")].map((each) => [each.getAttribute("data-square"), each]));

/** The places of the cards by the number of their conflict: conflicts beside the source stand before those in it. */
const places = new Map(cards.map((card, place) => [numberOf(card), place]));

/** @type {Set<number>} */
const settled = new Set();

/** @param {HTMLElement} card */
export function numberOf(card) {
  return Number(card.dataset.conflict);
}

/** @param {number} number */
export function cardOf(number) {
  const place = places.get(number);
  return place === undefined ? undefined : cards[place];
}

/** @param {HTMLElement} card @returns {HTMLTextAreaElement | null} */
export function fieldOf(card) {
  return card.querySelector("textarea");
}

/** @param {unknown} target @returns {HTMLElement | null} */
export function cardAt(target) {
  return target instanceof Element ? target.closest("[data-conflict]") : null;
}

/**
 * Show what was chosen for a conflict.
 * @param {ConflictState} state
 * @param {boolean} typing whether more is being typed in its text than this tells of
 */
export function show(state, typing) {
  const card = cardOf(state.number);
  if (!card) return;
  card.dataset.way = state.way;
  card.classList.toggle("settled", state.settled);
  if (state.settled) settled.add(state.number);
  else settled.delete(state.number);
  for (const button of card.querySelectorAll("[data-way]")) {
    button.setAttribute("aria-pressed", String(button.getAttribute("data-way") === state.way));
  }
  write(card, "[data-state]", state.settled ? "settled" : "open");
  write(card, "[data-words]", state.words && ` ${state.words}`);
  write(card, "[data-note]", state.note);
  card.querySelector("[data-reopen]")?.toggleAttribute("hidden", !state.way);
  const field = fieldOf(card);
  if (field && !typing) showText(field, state);
  const square = squares.get(String(state.number));
  square?.classList.toggle("clash", !state.settled);
  square?.classList.toggle("both", state.settled);
}

/** @param {HTMLTextAreaElement} field @param {ConflictState} state */
function showText(field, state) {
  field.hidden = state.text === null;
  if (field.value !== (state.text ?? "")) field.value = state.text ?? "";
  field.placeholder = state.way ? "nothing" : "open: choose above, or write here";
  fit(field);
}

const LONG = 4000; // characters; to fit its field to a longer text at each key takes a browser too long

/** As high as its text, but not higher than the window. @param {HTMLTextAreaElement} field */
export function fit(field) {
  const isLong = field.value.length > LONG;
  field.classList.toggle("long", isLong);
  if (isLong || !CSS.supports("field-sizing", "content")) field.rows = isLong ? 25 : field.value.split("\n").length;
}

/** @param {HTMLElement} card @param {string} where @param {string} text */
function write(card, where, text) {
  const found = card.querySelector(where);
  if (found && found.textContent !== text) found.textContent = text;
}

let current = 0;

/** The card that keys are about: the one with the focus, else the last that had it. */
export function currentCard() {
  return cardAt(document.activeElement) ?? cards[current];
}

/** @param {HTMLElement} card */
export function makeCurrent(card) {
  cards[current]?.classList.remove("current");
  current = Math.max(0, cards.indexOf(card));
  card.classList.add("current");
}

/** @param {HTMLElement | undefined} card */
export function goTo(card) {
  if (!card) return;
  makeCurrent(card);
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: card.offsetHeight < innerHeight * 0.7 ? "center" : "start" });
}

let entered = false;

/** To the next card, or back; the first step leads to the current one. @param {1 | -1} step @param {boolean} open */
export function step(step, open = false) {
  const from = entered || cardAt(document.activeElement) ? current + step : current;
  entered = true;
  const order = step > 0 ? [...cards.slice(from), ...cards.slice(0, from)] : cards.slice(0, from + 1).reverse();
  const found = open ? order.find((card) => !settled.has(numberOf(card))) : cards[Math.min(from, cards.length - 1)];
  goTo(found ?? cards[current]);
}
