/** The parameters of one `%%deepshi` cell, read from its first line and written into it. */

import { Signal } from '@lumino/signaling';

import { magicLineOf, withOptions } from './first-line';
import { setFirstLine, type EditedCell } from './line-edits';
import { rewritten, valuesOf, type Value, type Values } from './magic-line';

/**
 * The parameters of a cell.
 *
 * What is moved with one hold is one step to undo. A release by a key leaves the step open, so that an arrow
 * key that is held down is one step, too; anything that happens elsewhere ends it.
 */
export class CellParameters {
  readonly changed = new Signal<this, void>(this);
  readonly #cell: EditedCell;
  #source: string;
  /** The name of the parameter whose step may go on. */
  #open = '';
  #isHeld = false;
  #usualTimeout = 0;
  #isDisposed = false;

  constructor(cell: EditedCell) {
    this.#cell = cell;
    this.#source = cell.getSource();
    cell.changed.connect(this.#read, this);
    cell.disposed.connect(this.#gone, this);
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** Whether the cell is a `%%deepshi` cell still. */
  get isQuestion(): boolean {
    return !this.#isDisposed && magicLineOf(this.#source) !== null;
  }

  /** What the line says; null if it cannot be read, as while a quote is open. */
  get values(): Values | null {
    return valuesOf(magicLineOf(this.#source)?.options ?? '');
  }

  /** Write a value into the line; undefined takes it out. */
  set(name: string, value: Value | undefined): void {
    this.move(name, value);
    this.release();
  }

  /** Write a value that is not the last one yet. */
  move(name: string, value: Value | undefined): void {
    this.#hold(name);
    const line = magicLineOf(this.#source);
    const before = this.values;
    if (line !== null && before !== null) {
      const options = rewritten(line.options, before, { ...before, [name]: value });
      setFirstLine(this.#cell, withOptions(line, options));
    }
  }

  /** The value is the last one; `byKey`: it may go on. */
  release({ byKey = false } = {}): void {
    const steps = this.#cell.undoManager;
    if (this.#isHeld && steps) {
      steps.captureTimeout = this.#usualTimeout;
    }
    this.#isHeld = false;
    if (!byKey) {
      this.#end();
    }
  }

  undo(): void {
    this.#end();
    this.#cell.undo();
  }

  redo(): void {
    this.#end();
    this.#cell.redo();
  }

  dispose(): void {
    if (!this.#isDisposed) {
      this.release();
      this.#isDisposed = true;
      this.changed.emit();
      Signal.clearData(this);
    }
  }

  /** Let all that comes until the release be one step. */
  #hold(name: string): void {
    const steps = this.#cell.undoManager;
    if (this.#isHeld || !steps) {
      return;
    }
    if (this.#open !== name) {
      steps.stopCapturing();
    }
    this.#open = name;
    this.#isHeld = true;
    this.#usualTimeout = steps.captureTimeout;
    steps.captureTimeout = Infinity;
  }

  #end(): void {
    if (this.#open !== '') {
      this.#open = '';
      this.#cell.undoManager?.stopCapturing();
    }
  }

  #gone(): void {
    this.dispose();
  }

  #read(): void {
    const source = this.#cell.getSource();
    if (source === this.#source) {
      return;
    }
    this.#source = source;
    if (!this.#isHeld) {
      this.#open = ''; // somebody else writes
    }
    this.changed.emit();
  }
}
