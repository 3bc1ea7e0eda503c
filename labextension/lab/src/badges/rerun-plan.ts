/** A document → what would be asked again, and about what it would take. */

import { contextOf } from '../state/cell-context';
import type { CellState, DocumentState } from '../state/document-state';
import { amountsOf, type Amounts } from './amounts';
import { isStale } from './badge';

export interface RerunPlan {
  /** Cells whose answers do not fit any more, from the top. */
  readonly stale: readonly CellState[];
  /** Cells below them whose answers may not fit the new ones. */
  readonly following: readonly CellState[];
  /** Cells of Python code with stale answers; a user runs them. */
  readonly byHand: readonly CellState[];
  /** Of the stale cells, those whose answer was changed by hand; it would be lost. */
  readonly changedByHand: readonly CellState[];
  /** What the stale and the following ones took when they were last asked. */
  readonly amounts: Amounts;
}

/** Return what would be asked again. */
export function planOf(state: DocumentState): RerunPlan {
  const stale = staleCells(state);
  const following = followingCells(state, stale);
  return {
    stale,
    following,
    byHand: state.cells.filter((cell) => !cell.isAsking && cell.questions.some(isStale)),
    changedByHand: stale.filter(({ questions }) =>
      questions.some(({ states }) => states.includes('answer-edited')),
    ),
    amounts: amountsOf([...stale, ...following].flatMap(({ questions }) => questions)),
  };
}

/** Return the `%%deepshi` cells with answers that do not fit any more, from the top. */
export function staleCells({ cells }: DocumentState): CellState[] {
  return cells.filter(({ isAsking, questions }) => isAsking && questions.some(isStale));
}

/** Return the cells whose context holds an answer that would change. */
function followingCells(state: DocumentState, stale: readonly CellState[]): CellState[] {
  const [first] = stale;
  const changing = new Set(stale.map(({ id }) => id));
  const found: CellState[] = [];
  for (const cell of first === undefined ? [] : state.cells) {
    const isBelow = first !== undefined && cell.index > first.index;
    if (!isBelow || !cell.isAsking || cell.state === 'unsent' || changing.has(cell.id)) {
      continue;
    }
    const { turns } = contextOf(state, cell.index);
    if (turns.some((turn) => turn.why === null && changing.has(turn.cell))) {
      changing.add(cell.id);
      found.push(cell);
    }
  }
  return found;
}
