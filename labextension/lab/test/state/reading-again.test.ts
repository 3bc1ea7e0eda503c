/** What is computed when a document changes, and what is kept. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { contextOf } from '../../src/state/cell-context';
import { changedCells, documentState } from '../../src/state/document-state';
import { isObject } from '../../src/state/json-value';
import { cellsOf, type NotebookCell } from '../../src/state/notebook-cell';
import { RECORD } from '../../src/state/turn-record';
import { cases, type Case } from './fixtures';

function caseOf(file: string, what: string): Case {
  const found = cases()
    .get(file)
    ?.find((one) => one.what === what);
  assert.ok(found, `${file} has no case "${what}"`);
  return found;
}

const three = cellsOf(caseOf('run-again.json', 'ran from top to bottom').notebook);

/** Return the cells with another one in the place of one of them. */
function withCell(
  cells: readonly NotebookCell[],
  index: number,
  fields: Partial<NotebookCell>,
): NotebookCell[] {
  return cells.map((cell, place) => (place === index ? { ...cell, ...fields } : cell));
}

/** Return cells whose records count how often their messages are looked at. */
function counting(cells: readonly NotebookCell[]): [NotebookCell[], () => number] {
  let count = 0;
  const counted = structuredClone(cells) as NotebookCell[];
  for (const output of counted.flatMap(({ outputs }) => outputs)) {
    const record = isObject(output) && isObject(output['data']) ? output['data'][RECORD] : {};
    assert.ok(isObject(record));
    const { messages } = record;
    Object.defineProperty(record, 'messages', { enumerable: true, get: () => (count++, messages) });
  }
  return [counted, () => count];
}

test('a key that is pressed makes no record be read or hashed again', () => {
  const [cells, count] = counting(three);
  const before = documentState(cells);
  assert.ok(count() > 0);
  const afterOne = count();
  const after = documentState(withCell(cells, 1, { source: '%%deepshi\ntwo!' }));
  assert.equal(count(), afterOne);
  assert.deepEqual(changedCells(before, after), ['cell-2']);
  assert.deepEqual(
    after.cells.map(({ state }) => state),
    ['fresh', 'edited', 'fresh'],
  );
});

test('other outputs are read, and what stands below is told', () => {
  const before = documentState(three);
  const after = documentState(withCell(three, 0, { outputs: [] }));
  assert.deepEqual(changedCells(before, after), ['cell-1', 'cell-2', 'cell-3']);
  assert.deepEqual(changedCells(after, after), []);
});

test('a cell that is gone or new has changed', () => {
  const all = documentState(three);
  const fewer = documentState(three.slice(0, 2));
  assert.deepEqual(changedCells(all, fewer), ['cell-3']);
  assert.deepEqual(changedCells(fewer, all), ['cell-3']);
});

test('what cannot be read any more has changed', () => {
  const before = documentState(three);
  const outputs = [{ data: { [RECORD]: { v: 9 } } }];
  const newer = documentState(withCell(three, 2, { source: 'x', outputs }));
  const odd = documentState(
    withCell(three, 2, { source: 'x', outputs: [{ data: { [RECORD]: 1 } }] }),
  );
  assert.deepEqual(changedCells(before, newer), ['cell-3']);
  assert.deepEqual(changedCells(newer, odd), ['cell-3']);
  assert.deepEqual(changedCells(odd, odd), []);
});

test('a cell that became markdown asks nothing and its turn is gone', () => {
  const state = documentState(withCell(three, 0, { type: 'markdown' }));
  assert.deepEqual(
    state.cells.map(({ id, state: found }) => [id, found]),
    [
      ['cell-2', 'context-changed'],
      ['cell-3', 'context-changed'],
    ],
  );
});

test('the gravest of the questions of a cell is the state of the cell', () => {
  const below = cellsOf(caseOf('plain-cells.json', 'a loop below a change').notebook);
  assert.equal(documentState(below).cells[1]?.state, 'context-changed');
  const changed = documentState(withCell(below, 1, { source: 'x' }));
  assert.equal(changed.cells[1]?.questions.length, 2);
  assert.equal(changed.cells[1].state, 'edited');
});

test('the context follows the source of the cell as it is typed', () => {
  const chats = [
    ['%%deepshi\nthree', ['cell-1', 'cell-2']],
    ['%%deepshi --chat b\nthree', []],
    ['%%deepshi --from main@cell-1\nthree', ['cell-1']],
    ['x = 1', ['cell-1', 'cell-2']],
  ] as const;
  for (const [source, expected] of chats) {
    const { turns } = contextOf(documentState(withCell(three, 2, { source })), 2);
    const sent = turns.filter(({ why }) => why === null);
    assert.deepEqual(
      sent.map(({ cell }) => cell),
      expected,
    );
  }
});

test('a context that a value in the kernel decides on is not guessed', () => {
  const cells = withCell(three, 2, { source: '%%deepshi --chat {{name}}\nq' });
  const context = contextOf(documentState(cells), 2);
  assert.deepEqual(context.turns, []);
  assert.match(context.problem, /known when the cell runs/);
});

test('a place without a cell has no context to be wrong about', () => {
  assert.equal(contextOf(documentState(three), 99).turns.length, 3);
  assert.deepEqual(contextOf(documentState([]), 0).turns, []);
});

test('what is no notebook has no cells', () => {
  for (const value of [null, 1, [], {}, { cells: null }]) {
    assert.deepEqual(cellsOf(value), []);
  }
  assert.equal(cellsOf({ cells: [null, {}, { source: ['a', 'b'] }] })[2]?.source, 'ab');
});
