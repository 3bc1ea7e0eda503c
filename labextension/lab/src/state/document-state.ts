/**
 * The cells of a document → what became of each question, and what its answer took.
 *
 * The way in to this folder, beside `cell-context.ts`. It is computed anew whenever a cell changes;
 * what did not change is not computed again (`notebook-cell.ts` says how).
 */

import { viewOf } from './cell-view';
import type { NotebookCell } from './notebook-cell';
import { Reading, type PlacedView, type QuestionStatus, type State } from './staleness';
import { factsOf, type TurnFacts } from './turn-facts';
import type { RecordError } from './turn-record';

/** One question of a cell. */
export interface Question extends QuestionStatus {
  /** Model, tokens and cost; null if there is no answer. */
  readonly facts: TurnFacts | null;
}

/** A code cell that asks something, or has answers, or something that cannot be read. */
export interface CellState {
  /** The place of the cell in the document, from 0. */
  readonly index: number;
  readonly id: string;
  /** Whether it is a `%%deepshi` cell that sends what stands in it. */
  readonly isAsking: boolean;
  /** Its questions in order; a loop, or a comparison, asks several. */
  readonly questions: readonly Question[];
  /** The gravest state among those of its questions; null if it has none. */
  readonly state: State | null;
  /** Records and marks in its outputs that cannot be read. */
  readonly troubles: readonly RecordError[];
}

/** What a document says of its questions. */
export interface DocumentState {
  /** The cells that have something to say, in order. */
  readonly cells: readonly CellState[];
  /** All code cells, for `contextOf`. */
  readonly views: readonly PlacedView[];
}

/** The order of gravity, in which the states of one question stand as well. */
const GRAVITY: readonly State[] = [
  'copied',
  'answer-edited',
  'partial',
  'edited',
  'params-changed',
  'context-changed',
  'unsent',
  'fresh',
];

/** Return what a document says of its questions. */
export function documentState(cells: readonly NotebookCell[]): DocumentState {
  const views = cells.flatMap((cell, index) => {
    const view = viewOf(cell);
    return view === null ? [] : [{ index, view }];
  });
  const reading = new Reading(views.flatMap(({ view }) => view.marks));
  const found = views.flatMap((placed) => cellState(placed, reading.read(placed)));
  return { cells: found, views };
}

/** Return the ids of the cells that are shown differently from before. */
export function changedCells(before: DocumentState, after: DocumentState): string[] {
  const old = new Map(before.cells.map((cell) => [cell.id, cell]));
  const changed = after.cells.filter((cell) => !isShownAs(cell, old.get(cell.id)));
  const now = new Set(after.cells.map(({ id }) => id));
  const gone = before.cells.filter(({ id }) => !now.has(id));
  return [...changed, ...gone].map(({ id }) => id);
}

function cellState({ index, view }: PlacedView, found: readonly QuestionStatus[]): CellState[] {
  if (found.length === 0 && view.troubles.length === 0) {
    return [];
  }
  return [
    {
      index,
      id: view.cell.id,
      isAsking: view.asking !== null,
      questions: found.map((status) => ({
        ...status,
        facts: status.turn === null ? null : factsOf(status.turn.record),
      })),
      state: GRAVITY.find((state) => found.some(({ states }) => states.includes(state))) ?? null,
      troubles: view.troubles,
    },
  ];
}

/** Whether a cell shows the same as before. */
function isShownAs(cell: CellState, before: CellState | undefined): boolean {
  return (
    cell.isAsking === before?.isAsking &&
    areSame(cell.troubles, before.troubles, (one, other) => one.what === other.what) &&
    areSame(cell.questions, before.questions, isSameQuestion)
  );
}

function isSameQuestion(one: Question, other: Question): boolean {
  return (
    one.turn?.record === other.turn?.record &&
    areSame(one.states, other.states, Object.is) &&
    areSame(one.reasons, other.reasons, Object.is)
  );
}

function areSame<Item>(
  some: readonly Item[],
  others: readonly Item[],
  isSame: (one: Item, other: Item) => boolean,
): boolean {
  return (
    some.length === others.length &&
    some.every((one, place) => {
      const other = others[place];
      return other !== undefined && isSame(one, other);
    })
  );
}
