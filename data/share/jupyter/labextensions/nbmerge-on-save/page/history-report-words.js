/**
 * Owns: the words that the server's reports say of cells, in the language of the page.
 * Must not know: how they are shown, what the cells hold.  Runs under node.
 * Invariant: a text that is none of these is left as it is.
 */

/** @typedef {import('./words.js').Words} Words */

const NUMBER = /^[\d,]+$/;

/**
 * What the server says, and how that is said here; `found` is what stands in the brackets.
 * @type {[RegExp, (words: Words, ...found: string[]) => string][]}
 */
const KNOWN = [
  [/^before$/, words => words.__('before')],
  [/^after$/, words => words.__('after')],
  [/^outputs$/, words => words.__('outputs')],
  [/^none$/, words => words.__('none')],
  [/^nothing$/, words => words.__('nothing')],
  [/^picture$/, words => words.__('picture')],
  [/^\(([\d,]+) characters?\)$/, (words, count) => words._n('(%1 character)', '(%1 characters)', +count)],
  [/^no output$/, words => words.__('no output')],
  [/^an output without content$/, words => words.__('an output without content')],
  [/^metadata: ([\d,]+) changes?$/, (words, count) => words._n('metadata: %1 change', 'metadata: %1 changes', +count)],
  [/^([\d,]+) more lines?$/, (words, count) => words._n('%1 more line', '%1 more lines', +count)],
  [
    /^Cut here: ([\d,]+) more characters?\.$/,
    (words, count) => words._n('Cut here: %1 more character.', 'Cut here: %1 more characters.', +count)
  ],
  [
    /^(.+), as text \(([\d,]+) characters?\)$/,
    (words, kind, count) => words._n('%2, as text (%1 character)', '%2, as text (%1 characters)', +count, kind)
  ],
  [
    /^A picture that is no valid base64 \((.+)\)\.$/,
    (words, kind) => words.__('A picture that is no valid base64 (%1).', kind)
  ],
  [
    /^A picture that is not shown: the page would be too large \((.+), ([\d,]+) bytes?\)\.$/,
    (words, kind, size) =>
      words._n(
        'A picture that is not shown: the page would be too large (%2, %1 byte).',
        'A picture that is not shown: the page would be too large (%2, %1 bytes).',
        +size,
        kind
      )
  ]
];

/**
 * A text of a report as it is told here; what stands around it is kept.
 * @param {Words} words
 * @param {string} text
 */
export function told(words, text) {
  const bare = text.trim();
  for (const [pattern, say] of KNOWN) {
    const match = pattern.exec(bare);
    if (!match) continue;
    const found = match.slice(1).map(one => (NUMBER.test(one) ? one.replaceAll(',', '') : one));
    return text.replace(bare, () => say(words, ...found));
  }
  return text;
}
