import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { findKeys } from './find-keys';
import { cellsWithKeys } from './notebook-keys';

const FILE = path.join('..', '..', 'tests', 'frontend', 'keys.json');

interface Example {
  pieces: string[];
  found: [string, number, number][];
}

const examples = JSON.parse(readFileSync(FILE, 'utf8')) as Example[];
const KEY = ['sk', '-bf-', '4f0c2a9be1', 'd37788a6c5'].join('');

test('keys are found where Python finds them', () => {
  assert.ok(examples.length > 90);
  for (const { pieces, found } of examples) {
    const text = pieces.join('');
    const spans = findKeys(text).map(({ kind, start, end }) => [kind, start, end]);
    assert.deepEqual(spans, inUtf16(text, found), text);
  }
});

test('a key is found in the source, the outputs and the metadata of a cell', () => {
  const cell = { source: '', outputs: [], metadata: {} };
  assert.deepEqual(
    cellsWithKeys([
      { ...cell, id: 'a', source: 'x = 1' },
      { ...cell, id: 'b', source: `key = "${KEY}"` },
      { ...cell, id: 'c', outputs: [{ text: `\n${KEY}\n` }], metadata: { note: KEY } },
    ]),
    [
      { number: 2, id: 'b', parts: ['source'], kinds: ['Deepshi key'] },
      { number: 3, id: 'c', parts: ['outputs', 'metadata'], kinds: ['Deepshi key'] },
    ],
  );
});

test('a cell without a source to speak of holds none', () => {
  assert.deepEqual(
    cellsWithKeys([{ id: 'a', source: '', outputs: undefined, metadata: null }]),
    [],
  );
});

/** Python counts code points, JavaScript halves of them. */
function inUtf16(text: string, found: Example['found']): Example['found'] {
  const points = Array.from(text);
  const index = (count: number): number => points.slice(0, count).join('').length;
  return found.map(([kind, start, end]) => [kind, index(start), index(end)]);
}
