/**
 * The history's panel without a browser: its modules under node, told what to do line by line, as in pages.mjs.
 * Of a page's document there is what makes elements of text.
 */

import { pathToFileURL } from 'node:url';

import { answer } from '../helpers/answering.mjs';

const [, , folder] = process.argv;
const load = name => import(pathToFileURL(`${folder}/${name}`).href);

class Made {
  constructor(name) {
    Object.assign(this, { name, attributes: {}, content: [], listeners: {}, dataset: {} });
  }
  setAttribute(name, value) {
    this.attributes[name] = value;
  }
  append(...content) {
    this.content.push(...content);
  }
  replaceChildren(...content) {
    this.content = content;
  }
  attachShadow() {
    const inside = new Made('shadow');
    this.append(inside);
    return inside;
  }
  contains() {
    return false;
  }
  focus() {}
  showModal() {}
  addEventListener(name, listener) {
    this.listeners[name] = listener;
  }
  get textContent() {
    return this.content.map(one => one.textContent ?? one).join('');
  }
  set textContent(text) {
    this.content = text ? [text] : [];
  }
  *all() {
    yield this;
    for (const one of this.content) if (one instanceof Made) yield* one.all();
  }
}
globalThis.document = {
  createElement: name => new Made(name),
  createDocumentFragment: () => new Made('fragment'),
  body: new Made('body')
};
globalThis.CSSStyleSheet = class {
  replaceSync() {}
};
globalThis.DOMParser = class {
  parseFromString = () => ({ body: { childNodes: [] } });
};

const { ENGLISH, wordsOf } = await load('words.js');
const { VersionDialog } = await load('history-dialog.js');
const { History } = await load('history-model.js');
const { came, changed, day, kind, missing } = await load('history-words.js');
const { doubtful, versions } = await load('history-view.js');
const { lostThings } = await load('history-lost.js');
const { told: toldOf } = await load('history-report-words.js');

/** A language in which every text of ours is in brackets. */
const BRACKETS = wordsOf({
  languageCode: 'de_DE',
  load: () => ({
    __: (text, ...values) => `[${ENGLISH.__(text, ...values)}]`,
    _n: (one, many, count, ...values) => `[${ENGLISH._n(one, many, count, ...values)}]`
  })
});
const languages = { english: ENGLISH, brackets: BRACKETS };

let history;
let waiting = new Map();
let number = 0;
let fresh = [];
let errors = [];
let shows = 0;

const ask = () => (what, path, body) =>
  new Promise((done, fail) => {
    const id = ++number;
    waiting.set(id, { done, fail });
    fresh.push({ id, who: 0, what, body: { path, ...body } });
  });
const failed = error => void errors.push(String(error));

const commands = {
  say: ({ about, language = 'english', row, lost, time, now, text, values, cell }) => {
    const words = languages[language];
    return {
      changed: () => changed(words, row),
      came: () => came(words, row),
      day: () => day(words, time, new Date(now)),
      missing: () => missing(words, lost),
      kind: () => kind(words, cell),
      report: () => toldOf(words, text),
      text: () => words.__(text, ...values)
    }[about]();
  },
  start: () => {
    waiting = new Map();
    [fresh, errors, shows] = [[], [], 0];
    history = new History({ look: ask(), act: ask() }, () => shows++);
  },
  open: ({ path }) => history.open(path),
  /** What stands in the view of a version after each of some was asked for; null in place of an answer: not yet. */
  dialog: async ({ answers }) => {
    const fetch = version => answers[version] ?? new Promise(() => undefined);
    const dialog = new VersionDialog(ENGLISH, { fetch, restore: async () => '' });
    const seen = [];
    for (const version of answers.keys()) {
      void dialog.show('nb.ipynb', version);
      await new Promise(done => setTimeout(done));
      const all = [...dialog.node.all()];
      const texts = name => all.filter(one => one.name === name).map(one => one.textContent);
      seen.push({ title: texts('h2')[0], buttons: texts('button'), cells: texts('article'), said: texts('p')[1] });
    }
    return seen;
  },
  call: ({ method, values = [] }) => void Promise.resolve(history[method](...values)).catch(failed),
  answer: ({ id, answer }) => waiting.get(id).done(answer),
  fail: ({ id }) => waiting.get(id).fail(new Error('it failed')),
  read: () => ({ rows: history.rows.map(row => row.version), older: history.older, error: history.error, shows }),
  /** All that is shown of rows, doubts and lost things: each element's name, attributes and own text. */
  view: ({ language = 'english', rows = [], doubts = [], lost = [], press }) => {
    const words = languages[language];
    const state = { path: 'nb.ipynb', isKnown: true, rows, doubts, lost, lostMore: 0, each: new Map(), older: 7 };
    const pressed = [];
    const names = ['show', 'unfold', 'older', 'merge', 'dismiss'];
    const actions = Object.fromEntries(names.map(name => [name, row => pressed.push([name, row?.version ?? null])]));
    const shown = [
      ...doubtful(words, doubts, actions),
      ...versions(words, state, actions),
      ...lostThings(words, state, one => pressed.push(['putBack', one.last]))
    ].flatMap(one => [...one.all()]);
    for (const one of shown) if (press && one.name === 'button' && one.textContent.includes(press)) one.listeners.click();
    const told = shown.map(({ name, attributes, content }) => {
      const text = content.filter(part => typeof part === 'string').join('');
      return { name, attributes, text };
    });
    return { told, pressed };
  }
};

function told() {
  const all = { requests: fresh, later: 0, errors };
  fresh = [];
  errors = [];
  return all;
}

await answer(commands, told, 3);
