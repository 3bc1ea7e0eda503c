import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Signal } from '@lumino/signaling';

import { followLanguages, MARKDOWN, type LanguageCell } from './cell-language';

const PYTHON = 'text/x-ipython';

class Cell implements LanguageCell {
  readonly contentChanged = new Signal<this, void>(this);
  readonly mimeTypeChanged = new Signal<this, void>(this);
  #mimeType = 'text/plain';

  constructor(
    public source: string,
    readonly type = 'code',
  ) {}

  readonly sharedModel = { getSource: () => this.source };

  get mimeType(): string {
    return this.#mimeType;
  }

  set mimeType(mimeType: string) {
    if (mimeType !== this.#mimeType) {
      this.#mimeType = mimeType;
      this.mimeTypeChanged.emit();
    }
  }

  type(source: string): void {
    this.source = source;
    this.contentChanged.emit();
  }
}

class Cells {
  readonly changed = new Signal<this, void>(this);

  constructor(readonly all: Cell[]) {}

  [Symbol.iterator](): Iterator<Cell> {
    return this.all.values();
  }
}

test('a question is markdown, also after the notebook set the language of all cells', () => {
  const [question, code] = [new Cell('%%deepshi\nHi'), new Cell('x = 1')];
  followLanguages(new Cells([question, code]), () => PYTHON);
  question.mimeType = PYTHON;
  code.mimeType = PYTHON;
  assert.deepEqual([question.mimeType, code.mimeType], [MARKDOWN, PYTHON]);
});

test('a cell that becomes a question is markdown, and code again when it stops', () => {
  const cell = new Cell('x = 1');
  followLanguages(new Cells([cell]), () => PYTHON);
  cell.type('%%deepshi\nx = 1');
  assert.equal(cell.mimeType, MARKDOWN);
  cell.type('%%deepsh\nx = 1');
  assert.equal(cell.mimeType, PYTHON);
});

test('new cells are followed, cells of text are left alone', () => {
  const cells = new Cells([new Cell('%%deepshi', 'raw')]);
  followLanguages(cells, () => PYTHON);
  cells.all.push(new Cell('%%deepshi'));
  cells.changed.emit();
  assert.deepEqual(
    cells.all.map(({ mimeType }) => mimeType),
    ['text/plain', MARKDOWN],
  );
});
