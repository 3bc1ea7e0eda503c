/**
 * What a user says of a turn after it was asked: skip it, pin it, pick another version of it.
 *
 * The twin of `deepshi_jupyter/core/mark.py`.
 */

import { isObject, type JsonObject } from './json-value';
import { isMark } from './record-form';
import { readRecord, RecordError, type TurnRecord } from './turn-record';

export const MARK = 'application/vnd.deepshi.mark+json';
const VERSION = 1;

export type What = 'skip' | 'unskip' | 'pin' | 'unpin' | 'pick' | 'again' | 'restore';

/** One thing said of one turn. */
export interface Mark {
  readonly mark: What;
  /** The id of the turn; for `pick` and `again`, of the one that counts from now on. */
  readonly turn: string;
  /** The cell of the turn, or an empty text. */
  readonly cell: string;
  /** The id of the turn that stood there, or an empty text. */
  readonly insteadOf: string;
  readonly record: TurnRecord | null;
}

interface WrittenMark {
  readonly v: number;
  readonly mark: What;
  readonly turn: string;
  readonly cell?: string;
  readonly instead_of?: string;
  readonly record?: JsonObject | null;
}

/** Turns that are not sent, and turns that are never dropped, by turn id or cell. */
export interface Marks {
  readonly skipped: ReadonlySet<string>;
  readonly pinned: ReadonlySet<string>;
}

/**
 * Read what stands under `MARK`: one mark, or `{"v": 1, "marks": […]}`.
 *
 * @throws RecordError One is of a newer version, or not a mark.
 */
export function readMarks(value: unknown): Mark[] {
  const several = isObject(value) ? value['marks'] : undefined;
  return (Array.isArray(several) ? several : [value]).map(readMark);
}

/** Return what holds after these marks, oldest first; a later one takes back an earlier. */
export function marksOf(marks: Iterable<Mark>): Marks {
  const skipped = new Set<string>();
  const pinned = new Set<string>();
  for (const { mark, turn, cell } of marks) {
    for (const name of [turn, cell].filter((one) => one !== '')) {
      note(skipped, name, mark === 'skip', mark === 'unskip');
      note(pinned, name, mark === 'pin', mark === 'unpin');
    }
  }
  return { skipped, pinned };
}

function note(names: Set<string>, name: string, added: boolean, taken: boolean): void {
  if (added) {
    names.add(name);
  } else if (taken) {
    names.delete(name);
  }
}

function readMark(value: unknown): Mark {
  if (!isWritten(value)) {
    throw new RecordError('A mark cannot be read.', 'Make it again.');
  }
  if (value.v !== VERSION) {
    throw new RecordError(
      `A mark has the version ${value.v}, expected ${VERSION}.`,
      'Update deepshi_jupyter.',
    );
  }
  const { mark, turn, cell = '', instead_of: insteadOf = '', record = null } = value;
  return { mark, turn, cell, insteadOf, record: record === null ? null : readRecord(record) };
}

function isWritten(value: unknown): value is WrittenMark {
  return isMark(value);
}
