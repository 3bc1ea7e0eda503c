import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { cleanText, TextCleaner } from '../src/clean-text';
import { cut, cuts } from './documents';

const odd = fc
  .array(
    fc.constantFrom(
      'a',
      '\r',
      '\n',
      '\r\n',
      '\ud83d',
      '\ude42',
      '🙂',
      '\u2028',
      '\x1b',
      '\u202e',
      '\ufeff',
    ),
  )
  .map((parts) => parts.join(''));

test('pieces, cleaned one by one, are the cleaned whole', () => {
  fc.assert(
    fc.property(odd, cuts, (text, places) => {
      const cleaner = new TextCleaner();
      const pieces = cut(text, places).map((piece) => cleaner.take(piece));
      assert.equal(pieces.join('') + cleaner.end(), cleanText(text));
    }),
  );
});

test('line ends become line feeds, and what acts on a terminal or the direction of text goes', () => {
  assert.equal(cleanText('a\r\nb\rc\u2028d\x1b[1m\u202e\ud800'), 'a\nb\nc d[1m\ufffd');
});
