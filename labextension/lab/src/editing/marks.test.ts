import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pythonLanguage } from '@codemirror/lang-python';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorState } from '@codemirror/state';
import { tags } from '@lezer/highlight';

import { marksOf } from './marks';

const style = HighlightStyle.define([
  { tag: tags.keyword, class: 'keyword' },
  { tag: tags.attributeName, class: 'name' },
  { tag: tags.string, class: 'string' },
  { tag: tags.number, class: 'number' },
]);

/** The marks of a source as its texts with their classes. */
function marked(source: string, visible = { from: 0, to: source.length }): string[] {
  const state = EditorState.create({ doc: source, extensions: [syntaxHighlighting(style)] });
  const found = marksOf(state, [visible], pythonLanguage.parser);
  return found.map(({ from, to, value }) => {
    const { class: name } = value.spec as { class: string };
    return `${source.slice(from, to)} ${name}`;
  });
}

test('the first line has options and values', () => {
  assert.deepEqual(marked('%%deepshi -t 0.7 --seed=3 --once\nHi -t'), [
    '%%deepshi deepshi-magic keyword',
    '-t deepshi-option name',
    '0.7 deepshi-value string',
    '--seed deepshi-option name',
    '=3 deepshi-value string',
    '--once deepshi-option name',
  ]);
});

test('an expression is Python, on the first line and below', () => {
  assert.deepEqual(marked("%%deepshi --stop a{{'b'}}c\n# {{x + 1}}"), [
    '%%deepshi deepshi-magic keyword',
    '--stop deepshi-option name',
    'a deepshi-value string',
    'c deepshi-value string',
    "{{'b'}} deepshi-expression",
    "'b' string",
    '{{x + 1}} deepshi-expression',
    '1 number',
  ]);
});

test('literal braces have no mark, and none has a cell that is sent as it is', () => {
  assert.deepEqual(marked('%%deepshi\n\\{{x}}'), ['%%deepshi deepshi-magic keyword']);
  assert.deepEqual(marked('%%deepshi --raw\n{{x}}'), [
    '%%deepshi deepshi-magic keyword',
    '--raw deepshi-option name',
  ]);
});

test('options are marked while a quote is open', () => {
  assert.deepEqual(marked('%%deepshi --system "Be').slice(1), [
    '--system deepshi-option name',
    '"Be deepshi-value string',
  ]);
});

test('expressions that are not shown have no marks', () => {
  const source = `%%deepshi\n{{a}}\n${'\n'.repeat(100)}{{b}}`;
  assert.deepEqual(marked(source, { from: 0, to: 20 }), [
    '%%deepshi deepshi-magic keyword',
    '{{a}} deepshi-expression',
  ]);
});

test('another cell has no marks', () => {
  assert.deepEqual(marked('x = "{{y}}"'), []);
});
