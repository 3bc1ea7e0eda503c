import type { ISharedCell, ISharedNotebook } from '@jupyter/ydoc';
import { Signal, type ISignal } from '@lumino/signaling';

import type { NotebookCell } from '../state/notebook-cell';

/** What of a shared notebook is used. */
export type WatchedNotebook = Pick<ISharedNotebook, 'cells' | 'changed'>;

/** A cell as a value, and whether it is to be read again. */
interface Read {
  value: NotebookCell;
  isStale: boolean;
  hasNewOutputs: boolean;
}

/**
 * The cells of an open notebook as values.
 *
 * A value is made anew only where its cell has changed, and its outputs are read only where they
 * have: what was computed of the others stays known.
 */
export class DocumentCells {
  readonly #notebook: WatchedNotebook;
  readonly #read = new Map<ISharedCell, Read>();
  readonly #changed = new Signal<this, void>(this);

  constructor(notebook: WatchedNotebook) {
    this.#notebook = notebook;
    notebook.changed.connect(this.#onNotebook, this);
  }

  /** Cells came, went, moved or were edited, or their outputs changed. */
  get changed(): ISignal<this, void> {
    return this.#changed;
  }

  /** The cells from the top, as they are now. */
  get cells(): NotebookCell[] {
    return this.#notebook.cells.map((cell) => this.#valueOf(cell));
  }

  /**
   * Say that the outputs of a cell changed.
   *
   * A shared cell does not tell what the kernel of this page put there.
   */
  outputsChanged(id: string): void {
    for (const [cell, read] of this.#read) {
      if (cell.getId() === id) {
        read.isStale = read.hasNewOutputs = true;
      }
    }
    this.#changed.emit();
  }

  dispose(): void {
    this.#notebook.changed.disconnect(this.#onNotebook, this);
    this.#read.clear();
    Signal.clearData(this);
  }

  #valueOf(cell: ISharedCell): NotebookCell {
    const known = this.#read.get(cell);
    if (known === undefined) {
      const value = valueOf(cell, null);
      this.#watch(cell, { value, isStale: false, hasNewOutputs: false });
      return value;
    }
    if (known.isStale) {
      known.value = valueOf(cell, known.hasNewOutputs ? null : known.value.outputs);
      known.isStale = known.hasNewOutputs = false;
    }
    return known.value;
  }

  #watch(cell: ISharedCell, read: Read): void {
    this.#read.set(cell, read);
    cell.changed.connect((_, change) => {
      read.isStale = true;
      read.hasNewOutputs ||= 'outputsChange' in change;
      this.#changed.emit();
    }, this);
    cell.disposed.connect(() => {
      this.#read.delete(cell);
    }, this);
  }

  #onNotebook(): void {
    this.#changed.emit();
  }
}

function valueOf(cell: ISharedCell, outputs: readonly unknown[] | null): NotebookCell {
  const common = { id: cell.getId(), type: cell.cell_type, source: cell.getSource() };
  if (!('getOutputs' in cell)) {
    return { ...common, outputs: [], executionCount: null };
  }
  return {
    ...common,
    outputs: outputs ?? cell.getOutputs(),
    executionCount: cell.execution_count,
  };
}
