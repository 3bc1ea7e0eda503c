/** Random markdown of pieces on which it depends where a block ends, and random ways to cut it. */

import fc from 'fast-check';

import payloads from './payloads.json';

const PIECES = [
  ...'` `` ``` ~~~ $ $$ \\( \\) \\[ \\] \\begin{a} \\end{a} * ** _ [ ] ( ) ]( ]: ![ < > & | :'.split(
    ' ',
  ),
  ...'= --- === # ## > >> - + * 1. 2) 10. a b c é 🙂 www.a.b/ https://x.y/ <https://z/> a@b.c'.split(
    ' ',
  ),
  ...['- ', '> ', '1. ', '    ', '  ', '\t', '# ', '- [ ] ', '| a | b |\n|---|:-:|', '| 1 | 2 |'],
  ...[
    '[r]',
    '[r]: https://x.y',
    '[r]: https://x.y "t"',
    "[s]: <https://x.y>\n'a",
    "b'",
    '![p][r]',
    '[t][s]',
  ],
  ...[
    '$x$',
    '$$\ny\n$$',
    '\\[\nz\n+ w\n\\]',
    '`c`',
    '<br>',
    'H<sub>2</sub>O',
    '```python',
    '\ud83d',
    '\ude42',
  ],
  ...[
    'x\n===',
    '    x\n\n    y',
    'y\n---',
    '- a\n\n  b',
    '1. a\n   - b',
    '> ```',
    '  ```',
    '~~~~',
    '\u2028',
    '\x00',
    '\ufeff',
  ],
  ...Object.values(payloads),
];

const ENDS = [
  '\n',
  '\n',
  '\n',
  '\n\n',
  '\n\n',
  '\n\n\n',
  '\n  ',
  '\n    ',
  '\r\n',
  '\r',
  ' ',
  '',
  '',
];

/** Documents that nobody would write. */
export const documents = fc
  .array(fc.tuple(fc.constantFrom(...PIECES), fc.constantFrom(...ENDS)), { maxLength: 24 })
  .map((parts) => parts.flat().join(''));

/** Places to cut, as shares of a length. */
export const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });

/** Cut a text into pieces, within characters as well. */
export function cut(text: string, places: readonly number[]): string[] {
  const offsets = places.map((share) => Math.floor(share * text.length)).sort((a, b) => a - b);
  return [0, ...offsets].map((begin, index) => text.slice(begin, offsets[index] ?? text.length));
}
