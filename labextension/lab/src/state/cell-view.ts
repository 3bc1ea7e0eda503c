/**
 * A code cell → what staleness needs of it; what cannot be read is told and passed over.
 *
 * The twin of `cell_views` in `deepshi_jupyter/notebook/notebook_file.py`.
 */

import { readAskingCell, type AskingCell } from './cell-source';
import { isObject, joined, type JsonObject } from './json-value';
import { MARK, readMarks, type Mark } from './mark';
import type { NotebookCell } from './notebook-cell';
import { printable } from './printable-text';
import { textSha256 } from './text-hash';
import { readRecord, RECORD, RecordError, type TurnRecord } from './turn-record';

/** A turn as an output holds it. */
export interface ShownRecord {
  readonly record: TurnRecord;
  /** The same, or one with the answer that a reader sees, if a human has changed it. */
  readonly reading: TurnRecord;
}

/** What the outputs of a cell hold. */
export interface CellOutputs {
  readonly records: readonly ShownRecord[];
  readonly marks: readonly Mark[];
  readonly troubles: readonly RecordError[];
}

/** What staleness needs of one code cell. */
export class CellView {
  #sha256: string | null = null;
  readonly #outputs: CellOutputs;
  /** What it asks, or null if it is no `%%deepshi` cell. */
  readonly asking: AskingCell | null;

  constructor(readonly cell: NotebookCell) {
    this.asking = readAskingCell(cell.source);
    this.#outputs = outputsOf(cell.outputs);
  }

  get records(): readonly ShownRecord[] {
    return this.#outputs.records;
  }

  get marks(): readonly Mark[] {
    return this.#outputs.marks;
  }

  get troubles(): readonly RecordError[] {
    return this.#outputs.troubles;
  }

  /** The hash of what it asks; of a plain cell, of its whole source. */
  get sourceSha256(): string {
    this.#sha256 ??= this.asking?.sourceSha256 ?? textSha256(this.cell.source);
    return this.#sha256;
  }
}

const views = new WeakMap<NotebookCell, CellView>();
const outputs = new WeakMap<readonly unknown[], CellOutputs>();

/** Return what staleness needs of a code cell; null for cells of other kinds. */
export function viewOf(cell: NotebookCell): CellView | null {
  if (cell.type !== 'code') {
    return null;
  }
  const view = views.get(cell) ?? new CellView(cell);
  views.set(cell, view);
  return view;
}

/**
 * Return a record with the answer that a reader sees, if a human has changed it.
 *
 * @param shown The answer as text in the same output, or null.
 */
export function asShown(record: TurnRecord, shown: string | null): TurnRecord {
  const { answers = [] } = record.call;
  if (shown === null || answers.length !== 1 || record.answer === null) {
    return record;
  }
  const { refusal } = record.answer;
  const text = record.text !== '' ? record.text : typeof refusal === 'string' ? refusal : '';
  return shown === printable(text) ? record : record.withAnswer(shown);
}

function outputsOf(list: readonly unknown[]): CellOutputs {
  const found = outputs.get(list) ?? readOutputs(list);
  outputs.set(list, found);
  return found;
}

function readOutputs(list: readonly unknown[]): CellOutputs {
  const records: ShownRecord[] = [];
  const marks: Mark[] = [];
  const troubles: RecordError[] = [];
  for (const data of list.flatMap(bundleOf)) {
    for (const value of recordsIn(data)) {
      attempt(troubles, () => records.push(shownRecord(data, value)));
    }
    if (MARK in data) {
      attempt(troubles, () => marks.push(...readMarks(data[MARK])));
    }
  }
  return { records, marks, troubles };
}

function attempt(troubles: RecordError[], read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof RecordError)) {
      throw error;
    }
    troubles.push(error);
  }
}

function bundleOf(output: unknown): JsonObject[] {
  const data = isObject(output) ? output['data'] : undefined;
  return isObject(data) ? [data] : [];
}

/** Return what stands under `RECORD` in a bundle: one record, or those of a whole cell. */
function recordsIn(data: JsonObject): readonly unknown[] {
  const value = data[RECORD];
  if (value === undefined || value === null) {
    return [];
  }
  const turns = isObject(value) ? value['turns'] : undefined;
  return Array.isArray(turns) ? turns : [value];
}

function shownRecord(data: JsonObject, value: unknown): ShownRecord {
  const record = readRecord(value);
  return { record, reading: asShown(record, shownText(data)) };
}

/** Return the answer as the output shows it, where it is the text of one answer. */
function shownText(data: JsonObject): string | null {
  const record = data[RECORD];
  const isOne = !isObject(record) || !('turns' in record);
  return isOne && 'text/plain' in data ? joined(data['text/plain']) : null;
}
