import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Signal } from '@lumino/signaling';

import { StillClock } from '../../../test/still-clock';
import type { DocumentState } from '../state/document-state';
import type { NotebookCell } from '../state/notebook-cell';
import { DocumentCells, type WatchedNotebook } from './document-cells';
import { StateOfDocument } from './state-of-document';

/** A cell as a shared notebook has it, of which the test says what changes. */
class PlayedCell {
  readonly changed = new Signal<this, object>(this);
  readonly disposed = new Signal<this, void>(this);
  readonly cell_type = 'code';
  readonly execution_count = null;
  outputs: unknown[] = [];
  outputsRead = 0;

  constructor(
    readonly id: string,
    public source: string,
  ) {}

  getId(): string {
    return this.id;
  }

  getSource(): string {
    return this.source;
  }

  getOutputs(): unknown[] {
    this.outputsRead++;
    return this.outputs;
  }

  edit(source: string): void {
    this.source = source;
    this.changed.emit({ sourceChange: [] });
  }

  show(...outputs: unknown[]): void {
    this.outputs = outputs;
    this.changed.emit({ outputsChange: [] });
  }
}

class PlayedNotebook {
  readonly changed = new Signal<this, object>(this);
  constructor(public cells: PlayedCell[]) {}
}

function playing(...cells: PlayedCell[]): { notebook: PlayedNotebook; read: DocumentCells } {
  const notebook = new PlayedNotebook(cells);
  return { notebook, read: new DocumentCells(notebook as unknown as WatchedNotebook) };
}

test('a cell that did not change stays the same value', () => {
  const [a, b] = [new PlayedCell('a', 'x = 1'), new PlayedCell('b', '%%deepshi\nWhy?')];
  const { read } = playing(a, b);
  const before = read.cells;
  b.edit('%%deepshi\nHow?');
  const after = read.cells;
  assert.equal(after[0], before[0]);
  assert.equal(after[1]?.source, '%%deepshi\nHow?');
  assert.equal(after[1].outputs, before[1]?.outputs);
  assert.equal(b.outputsRead, 1);
});

test('outputs are read again when they changed', () => {
  const cell = new PlayedCell('a', '%%deepshi\nWhy?');
  const { read } = playing(cell);
  const outputs = (): unknown => read.cells.map((value) => value.outputs);
  assert.deepEqual(outputs(), [[]]);
  cell.show({ output_type: 'stream' });
  assert.deepEqual(outputs(), [[{ output_type: 'stream' }]]);
  assert.equal(cell.outputsRead, 2);
});

test('outputs that came from the kernel are read when they are told of', () => {
  const cell = new PlayedCell('a', '%%deepshi\nWhy?');
  const { read } = playing(cell);
  assert.equal(read.cells.length, 1);
  let told = 0;
  read.changed.connect(() => told++);
  cell.outputs = [{ output_type: 'stream' }];
  read.outputsChanged('a');
  assert.deepEqual(
    read.cells.map((value) => value.outputs),
    [cell.outputs],
  );
  assert.equal(told, 1);
});

test('who watches is told of edits, moves and cells that come', () => {
  const [a, b] = [new PlayedCell('a', ''), new PlayedCell('b', '')];
  const { notebook, read } = playing(a);
  let told = 0;
  read.changed.connect(() => told++);
  assert.equal(read.cells.length, 1);
  a.edit('x');
  notebook.cells = [b, a];
  notebook.changed.emit({});
  assert.deepEqual(
    read.cells.map(({ id }) => id),
    ['b', 'a'],
  );
  b.edit('y');
  assert.equal(told, 3);
});

test('a cell that is gone is forgotten', () => {
  const cell = new PlayedCell('a', '');
  const { notebook, read } = playing(cell);
  assert.equal(read.cells.length, 1);
  notebook.cells = [];
  cell.disposed.emit();
  assert.deepEqual(read.cells, []);
  read.dispose();
  notebook.changed.emit({});
});

interface Scene {
  clock: StillClock;
  state: StateOfDocument;
  made: number[];
  settle: () => Promise<void>;
}

function scene(): Scene {
  const clock = new StillClock();
  const made: number[] = [];
  const cells: NotebookCell[] = [];
  const state = new StateOfDocument({
    cells: () => cells,
    load: () =>
      Promise.resolve((): DocumentState => {
        made.push(clock.now());
        return { cells: [], views: [] };
      }),
    clock,
  });
  return { clock, state, made, settle: () => new Promise((done) => setImmediate(done)) };
}

test('the state is computed once after a burst of changes', async () => {
  const { clock, state, made, settle } = scene();
  for (let key = 0; key < 5; key++) {
    state.touch();
    clock.pass(100);
  }
  await settle();
  assert.deepEqual(made, []);
  clock.pass(150);
  await settle();
  assert.equal(made.length, 1);
  assert.notEqual(state.state, null);
});

test('a notebook that goes on changing is not left without a state for long', async () => {
  const { clock, state, made, settle } = scene();
  for (let piece = 0; piece < 30; piece++) {
    state.touch();
    clock.pass(100);
    await settle();
  }
  assert.ok(made.length >= 2, `computed ${made.length} times in 3 s`);
});

test('whoever needs it gets the state of this moment', async () => {
  const { state, made } = scene();
  await state.now();
  await state.now();
  assert.equal(made.length, 2);
});

test('a closed document tells nothing', async () => {
  const { clock, state, settle } = scene();
  let told = 0;
  state.changed.connect(() => told++);
  state.touch();
  state.dispose();
  clock.pass(1000);
  await settle();
  await state.now();
  assert.equal(told, 0);
});
