import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pythonText } from './python-text';

test('a text is written as Python writes it', () => {
  assert.equal(pythonText('a'), "'a'");
  assert.equal(pythonText("it's"), `"it's"`);
  assert.equal(pythonText(`'"`), String.raw`'\'"'`);
  assert.equal(pythonText('a\n\t\r\\'), String.raw`'a\n\t\r\\'`);
  assert.equal(
    pythonText('\x00\x7f\xa0\u2028\u{e0001}é'),
    String.raw`'\x00\x7f\xa0\u2028\U000e0001é'`,
  );
});
