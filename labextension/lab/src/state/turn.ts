/** One visible turn: its record, and where it stands. */

import { estimateMessages } from './tokens';
import type { TurnRecord } from './turn-record';

const counted = new WeakMap<TurnRecord, number>();

/** One visible turn. */
export class Turn {
  /** What marks and forks can call it by: its id and its cell. */
  readonly names: readonly string[];

  constructor(
    /** What is kept of it, with its answer as it is shown. */
    readonly record: TurnRecord,
    /** The place of its cell in the document, from 0. */
    readonly index: number,
    /** The id of its cell, or an empty text. */
    readonly cell: string,
    /** The number that the notebook shows beside the cell, 0 if there is none. */
    readonly number: number,
  ) {
    this.names = [record.id, cell].filter((name) => name !== '');
  }

  /**
   * About how many tokens its messages take.
   *
   * A record names images by their hash, so they count as nothing here; the kernel, which has sent
   * them, counts them.
   */
  get tokens(): number {
    const known = counted.get(this.record) ?? estimateMessages(this.record.ownMessages);
    counted.set(this.record, known);
    return known;
  }
}
