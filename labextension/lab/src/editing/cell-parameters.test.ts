import assert from 'node:assert/strict';
import { test } from 'node:test';

import { YNotebook, type ISharedCell } from '@jupyter/ydoc';

import { CellParameters } from './cell-parameters';
import { applyLineEdit, setFirstLine } from './line-edits';

function cellWith(source: string): ISharedCell {
  const notebook = YNotebook.create({ disableDocumentWideUndoRedo: true });
  const cell = notebook.addCell({ cell_type: 'code', id: 'a1', source });
  cell.clearUndoHistory();
  return cell;
}

test('a value is written into the first line and read from it', () => {
  const cell = cellWith('%%deepshi --once\nHi');
  const parameters = new CellParameters(cell);
  parameters.set('temperature', 0.7);
  assert.equal(cell.getSource(), '%%deepshi --once -t 0.7\nHi');
  assert.deepEqual(parameters.values, { temperature: 0.7 });
  parameters.set('temperature', undefined);
  assert.equal(cell.getSource(), '%%deepshi --once\nHi');
});

test('what is moved with one hold is one step to undo', () => {
  const cell = cellWith('%%deepshi -t 0.4\nHi');
  const parameters = new CellParameters(cell);
  for (const value of [0.5, 0.6, 0.7, 0.9]) {
    parameters.move('temperature', value);
  }
  parameters.release();
  parameters.set('seed', 3);
  assert.equal(cell.getSource(), '%%deepshi -t 0.9 --seed 3\nHi');
  parameters.undo();
  assert.equal(cell.getSource(), '%%deepshi -t 0.9\nHi');
  parameters.undo();
  assert.equal(cell.getSource(), '%%deepshi -t 0.4\nHi');
  parameters.redo();
  assert.equal(cell.getSource(), '%%deepshi -t 0.9\nHi');
});

test('what was typed before stays a step of its own', () => {
  const cell = cellWith('%%deepshi\nHi');
  const parameters = new CellParameters(cell);
  cell.updateSource(12, 12, ' there');
  parameters.set('seed', 3);
  cell.updateSource(cell.getSource().length, cell.getSource().length, '!');
  cell.undo();
  assert.equal(cell.getSource(), '%%deepshi --seed 3\nHi there');
  cell.undo();
  assert.equal(cell.getSource(), '%%deepshi\nHi there');
});

test('an arrow key that is held down is one step', () => {
  const cell = cellWith('%%deepshi -t 0.4\nHi');
  const parameters = new CellParameters(cell);
  for (const value of [0.45, 0.5, 0.55]) {
    parameters.move('temperature', value);
    parameters.release({ byKey: true });
  }
  parameters.undo();
  assert.equal(cell.getSource(), '%%deepshi -t 0.4\nHi');
});

test('a key on another slider begins a step', () => {
  const cell = cellWith('%%deepshi\nHi');
  const parameters = new CellParameters(cell);
  for (const name of ['temperature', 'top_p']) {
    parameters.move(name, 0.5);
    parameters.release({ byKey: true });
  }
  parameters.undo();
  assert.equal(cell.getSource(), '%%deepshi -t 0.5\nHi');
});

test('an edit of the line is told', () => {
  const cell = cellWith('%%deepshi -t 0.4\nHi');
  const parameters = new CellParameters(cell);
  let told = 0;
  parameters.changed.connect(() => {
    told += 1;
  });
  cell.updateSource(15, 16, '9');
  assert.deepEqual(parameters.values, { temperature: 0.9 });
  assert.equal(told, 1);
});

test('a line that cannot be read is not changed', () => {
  const cell = cellWith('%%deepshi --system "Be\nHi');
  const parameters = new CellParameters(cell);
  parameters.set('seed', 1);
  assert.equal(parameters.values, null);
  assert.equal(cell.getSource(), '%%deepshi --system "Be\nHi');
});

test('a cell that asks no longer is told', () => {
  const cell = cellWith('%%deepshi\nHi');
  const parameters = new CellParameters(cell);
  assert.equal(parameters.isQuestion, true);
  cell.setSource('x = 1');
  assert.equal(parameters.isQuestion, false);
  cell.setSource('%%deepshi\nHi');
  cell.dispose();
  assert.equal(parameters.isQuestion, false);
});

test('the time that joins typing into steps is as before after a release', () => {
  const cell = cellWith('%%deepshi\nHi');
  const steps = (cell as unknown as { undoManager: { captureTimeout: number } }).undoManager;
  const before = steps.captureTimeout;
  const parameters = new CellParameters(cell);
  parameters.move('seed', 1);
  assert.equal(steps.captureTimeout, Infinity);
  parameters.dispose();
  assert.equal(steps.captureTimeout, before);
});

test('only what differs in the first line is written', () => {
  const cell = cellWith('%%deepshi -t 0.4 --seed 1\nHi');
  const changes: unknown[] = [];
  cell.changed.connect((_, { sourceChange }) => {
    changes.push(sourceChange);
  });
  setFirstLine(cell, '%%deepshi -t 0.7 --seed 1');
  assert.deepEqual(changes, [[{ retain: 15 }, { insert: '7' }, { delete: 1 }]]);
});

test('the kernel may change the first line of a question, as one step', () => {
  const cell = cellWith('%%deepshi\nHi');
  assert.equal(applyLineEdit([cell], { cell: 'a1', line: '%%deepshi -t 0.7 --seed 7' }), true);
  assert.equal(cell.getSource(), '%%deepshi -t 0.7 --seed 7\nHi');
  cell.undo();
  assert.equal(cell.getSource(), '%%deepshi\nHi');
});

test('the kernel changes nothing else', () => {
  const [question, code] = [cellWith('%%deepshi\nHi'), cellWith('x = 1')];
  assert.equal(applyLineEdit([question], { cell: 'a1', line: 'import os' }), false);
  assert.equal(applyLineEdit([question], { cell: 'b2', line: '%%deepshi' }), false);
  assert.equal(applyLineEdit([code], { cell: 'a1', line: '%%deepshi' }), false);
  assert.equal(question.getSource(), '%%deepshi\nHi');
  assert.equal(code.getSource(), 'x = 1');
});
