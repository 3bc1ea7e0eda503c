/** A cell of a notebook as a value, which everything here is computed from. */

import { isObject, joined } from './json-value';

/**
 * One cell.
 *
 * It is never changed: where something in it changes, another one takes its place. `outputs` stays
 * the same array as long as the outputs do. What was computed of a cell, of its outputs and of the
 * records in them is kept with these objects, so that a key that is pressed costs next to nothing.
 */
export interface NotebookCell {
  readonly id: string;
  /** `code`; cells of other kinds ask nothing. */
  readonly type: string;
  readonly source: string;
  /** The outputs as nbformat 4 has them. */
  readonly outputs: readonly unknown[];
  /** The number beside the cell, or null. */
  readonly executionCount: number | null;
}

/** Return the cells of a notebook of nbformat 4; what is not of that form is passed over. */
export function cellsOf(notebook: unknown): NotebookCell[] {
  const cells = isObject(notebook) ? notebook['cells'] : undefined;
  return Array.isArray(cells) ? cells.map(cellOf) : [];
}

function cellOf(cell: unknown): NotebookCell {
  const { id, cell_type: type, source = '', outputs, execution_count: number } = fields(cell);
  return {
    id: typeof id === 'string' ? id : '',
    type: typeof type === 'string' ? type : '',
    source: joined(source),
    outputs: Array.isArray(outputs) ? outputs : [],
    executionCount: typeof number === 'number' ? number : null,
  };
}

function fields(cell: unknown): Readonly<Record<string, unknown>> {
  return isObject(cell) ? cell : {};
}
