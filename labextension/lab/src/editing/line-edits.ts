/** A new first line for a cell; the kernel asks for it, as the sliders under an answer do. */

import type { ISignal } from '@lumino/signaling';

import type { LineEdit } from '../protocol';
import { magicLineOf } from './first-line';

/** What joins changes into steps; that of Yjs. */
export interface UndoSteps {
  captureTimeout: number;
  stopCapturing(): void;
}

/** What of a cell's shared model is used. */
export interface EditedCell {
  readonly changed: ISignal<unknown, unknown>;
  readonly disposed: ISignal<unknown, unknown>;
  getSource(): string;
  updateSource(start: number, end: number, value?: string): void;
  undo(): void;
  redo(): void;
  readonly undoManager?: UndoSteps | null;
}

/**
 * Set the first line of a cell as one step to undo; only what differs is written, so a cursor stays.
 *
 * @returns Whether the cell is a `%%deepshi` cell.
 */
export function setFirstLine(cell: EditedCell, text: string): boolean {
  const source = cell.getSource();
  const line = magicLineOf(source);
  if (line === null) {
    return false;
  }
  const old = source.slice(line.from, line.to);
  if (old !== text) {
    const start = sameAtStart(old, text);
    const end = sameAtEnd(old.slice(start), text.slice(start));
    const value = text.slice(start, text.length - end);
    cell.updateSource(line.from + start, line.to - end, value);
  }
  return true;
}

function sameAtStart(one: string, other: string): number {
  let length = 0;
  while (length < Math.min(one.length, other.length) && one[length] === other[length]) {
    length += 1;
  }
  return length;
}

function sameAtEnd(one: string, other: string): number {
  let length = 0;
  while (
    length < Math.min(one.length, other.length) &&
    one[one.length - 1 - length] === other[other.length - 1 - length]
  ) {
    length += 1;
  }
  return length;
}

interface IdentifiedCell extends EditedCell {
  getId(): string;
}

/**
 * Do what the kernel asks: one step to undo.
 *
 * Nothing but the first line of a `%%deepshi` cell is ever changed, and it stays one.
 *
 * @returns Whether it was done.
 */
export function applyLineEdit(cells: Iterable<IdentifiedCell>, { cell, line }: LineEdit): boolean {
  if (magicLineOf(line) === null) {
    return false;
  }
  for (const one of cells) {
    if (one.getId() === cell) {
      one.undoManager?.stopCapturing();
      const isDone = setFirstLine(one, line);
      one.undoManager?.stopCapturing();
      return isDone;
    }
  }
  return false;
}
