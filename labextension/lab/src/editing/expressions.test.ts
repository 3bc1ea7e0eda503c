import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bracesIn } from './expressions';

function expressions(text: string): string[] {
  return bracesIn(text).expressions.map(({ from, to }) => text.slice(from, to));
}

function literals(text: string): string[] {
  return bracesIn(text).literals.map(({ from, to }) => text.slice(from, to));
}

test('an expression reaches to its braces', () => {
  assert.deepEqual(expressions('a {{x}} b {{ df.shape }}'), ['{{x}}', '{{ df.shape }}']);
  assert.deepEqual(expressions('{{x:.2f}}{{x!r}}'), ['{{x:.2f}}', '{{x!r}}']);
  assert.deepEqual(expressions('{{a\n+ b}}'), ['{{a\n+ b}}']);
});

test('braces in brackets and quotes are part of the expression', () => {
  assert.deepEqual(expressions("{{ {'a': {'b': 1}} }}"), ["{{ {'a': {'b': 1}} }}"]);
  assert.deepEqual(expressions("{{'}}'}} {{x}}"), ["{{'}}'}}", '{{x}}']);
  assert.deepEqual(expressions(String.raw`{{'\'}}'}}`), [String.raw`{{'\'}}'}}`]);
});

test('an apostrophe alone does not swallow what follows', () => {
  assert.deepEqual(expressions("{{it's}} and {{x}}"), ["{{it's}}", '{{x}}']);
});

test('literal braces are no expression', () => {
  const text = String.raw`\{{x}} {{}} {{ }} {{`;
  assert.deepEqual(expressions(text), []);
  assert.deepEqual(literals(text), [String.raw`\{{`, '{{', '{{', '{{']);
});

test('what is not closed within 4000 characters is text', () => {
  assert.deepEqual(expressions(`{{${'x'.repeat(4001)}}}`), []);
  assert.equal(expressions(`{{${'x'.repeat(4000)}}}`).length, 1);
});
