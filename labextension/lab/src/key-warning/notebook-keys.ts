/** A notebook as it is saved → the cells in which a key stands. */

import { findKeys } from './find-keys';

/** A cell in which keys stand. */
export interface CellWithKeys {
  /** The place of the cell, as a reader counts: from 1. */
  readonly number: number;
  readonly id: string;
  /** Where in the cell. */
  readonly parts: readonly ('source' | 'outputs' | 'metadata')[];
  /** What they are, each once. */
  readonly kinds: readonly string[];
}

/** What of a cell is looked at. */
export interface CellToSearch {
  readonly id: string;
  readonly source: string;
  /** The outputs as JSON has them. */
  readonly outputs: unknown;
  readonly metadata: unknown;
}

/** Return the cells that hold keys, from the top. */
export function cellsWithKeys(cells: Iterable<CellToSearch>): CellWithKeys[] {
  return [...cells].flatMap(({ id, source, outputs, metadata }, index) => {
    const texts = { source, outputs: asText(outputs), metadata: asText(metadata) };
    const found = (['source', 'outputs', 'metadata'] as const).map((part) => ({
      part,
      kinds: findKeys(texts[part]).map(({ kind }) => kind),
    }));
    const parts = found.flatMap(({ part, kinds }) => (kinds.length > 0 ? [part] : []));
    const kinds = [...new Set(found.flatMap((each) => each.kinds))];
    return parts.length === 0 ? [] : [{ number: index + 1, id, parts, kinds }];
  });
}

/** Return a value as JSON, whose escapes the shapes of keys know. */
function asText(value: unknown): string {
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
