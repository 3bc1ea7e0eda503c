import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';
import { nullTranslator } from '@jupyterlab/translation';

import { asField, CONTROLS, fromField, problemOf, thrownSeed, type Control } from './controls';
import { wordsIn } from './words';

function control(name: string): Control {
  const found = CONTROLS.find((one) => one.name === name);
  assert.ok(found !== undefined);
  return found;
}

test('a text comes back from its field as it was', () => {
  assert.equal(asField('a\n\\n'), String.raw`a\n\\n`);
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(fromField(asField(text)), text);
    }),
  );
});

test('a number is checked by the table of the API', () => {
  assert.equal(problemOf(control('temperature'), 2), '');
  assert.equal(problemOf(control('temperature'), 2.1), 'range');
  assert.equal(problemOf(control('max_tokens'), 0), 'range');
  assert.equal(problemOf(control('seed'), 0.5), 'whole');
  assert.equal(problemOf(control('seed'), NaN), 'number');
  assert.equal(problemOf(control('seed'), -(2 ** 40)), '');
});

test('the dice throw seeds that the API takes', () => {
  assert.equal(problemOf(control('seed'), thrownSeed()), '');
});

test('every control has a name and a sentence', () => {
  const words = wordsIn(nullTranslator.load('deepshi_jupyter'));
  for (const { name } of CONTROLS) {
    assert.notEqual(words.label(name), name);
    assert.notEqual(words.help(name), '');
  }
});

test('a problem says what is expected', () => {
  const words = wordsIn(nullTranslator.load('deepshi_jupyter'));
  const sentence = words.problem(control('top_p'), 'range');
  assert.equal(sentence, 'Top p takes numbers from 0 to 1.');
  assert.equal(words.problem(control('max_tokens'), 'range'), 'Max tokens takes numbers from 1.');
});
