import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { highlight } from '../src/highlight';

const names = [
  'python',
  'R',
  'julia',
  'sh',
  'SQL',
  'json',
  'yaml',
  'toml',
  'ts',
  'c++',
  'brainfuck',
  '',
  '__proto__',
];
const words = fc.constantFrom(
  ...[
    'def ',
    'x',
    ' = ',
    '"',
    "'",
    '"""',
    '`',
    '\\',
    '#',
    '//',
    '/*',
    '*/',
    '--',
    '1.5e3',
    '\n',
    'None',
    '\u{1f642}',
  ],
);

test('the pieces are the code', () => {
  fc.assert(
    fc.property(fc.array(words), fc.constantFrom(...names), (parts, name) => {
      const code = parts.join('');
      assert.equal(
        highlight(code, name)
          .map(([, text]) => text)
          .join(''),
        code,
      );
    }),
  );
});

test('comments, strings, numbers and keywords have their inks', () => {
  const pieces = highlight('def f(x):  # "no"\n    return x + 1.5, f"a # b"\n', 'python');
  assert.deepEqual(
    pieces.filter(([ink]) => ink !== null),
    [
      ['keyword', 'def'],
      ['comment', '# "no"'],
      ['keyword', 'return'],
      ['number', '1.5'],
      ['string', 'f"a # b"'],
    ],
  );
});

test('keywords of SQL are written in any case', () => {
  assert.deepEqual(highlight('Select a', 'sql')[0], ['keyword', 'Select']);
});

test('an unknown language has no inks', () => {
  assert.deepEqual(highlight('def', 'klingon'), [[null, 'def']]);
});
