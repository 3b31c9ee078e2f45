/**
 * Owns: the words that people read in the page, in the language of JupyterLab; and times in it.
 * Must not know: what is said.  Runs under node.
 * Invariant: where there is no translation the English words are said; %1, %2 ... in a text stand for values,
 * which are said as they are.
 *
 * Texts are written out where they are said, as `words.__('Restored as version %1', number)` and, where there
 * is a number, `words._n('%1 cell', '%1 cells', count)`, so that tools for translators find them.
 */

/**
 * @typedef {object} Words
 * @property {(text: string, ...values: (string | number)[]) => string} __
 * @property {(one: string, many: string, count: number, ...values: (string | number)[]) => string} _n `count` is %1
 * @property {string | undefined} language for times and numbers; undefined: the browser's
 */

const DOMAIN = 'nbmerge';

/** @param {string} text @param {(string | number)[]} values */
const filled = (text, values) => text.replace(/%(\d+)/g, (_, place) => String(values[place - 1] ?? ''));

/** @type {Words} */
export const ENGLISH = {
  __: (text, ...values) => filled(text, values),
  _n: (one, many, count, ...values) => filled(count === 1 ? one : many, [count, ...values]),
  language: undefined
};

/**
 * The words in the language that people have chosen in JupyterLab.
 * @param {import('@jupyterlab/translation').ITranslator | null} [translator]
 * @returns {Words}
 */
export function wordsOf(translator) {
  if (!translator) return ENGLISH;
  const bundle = translator.load(DOMAIN);
  const code = translator.languageCode?.replaceAll('_', '-');
  return {
    __: (text, ...values) => bundle.__(text, ...values),
    _n: (one, many, count, ...values) => bundle._n(one, many, count, ...values),
    language: !code || code === 'en' ? undefined : code
  };
}
