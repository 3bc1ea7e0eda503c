/** The state of a cell → its badge, as a value. */

import type { CellState, Question } from '../state/document-state';
import type { State } from '../state/staleness';
import { amountsOf, type Amounts } from './amounts';

/** What a badge says, in one word. */
export type BadgeKind =
  | 'asking'
  | 'unreadable'
  | 'copied'
  | 'partial'
  | 'edited'
  | 'stale'
  | 'unsent'
  | 'replayed'
  | 'fresh';

export interface Badge {
  readonly kind: BadgeKind;
  /** Why, in sentences. */
  readonly reasons: readonly string[];
  /** Models with those served, as the records have them. */
  readonly models: readonly string[];
  readonly amounts: Amounts;
  /** How many questions the cell asks. */
  readonly questions: number;
  /** How many of them have an answer that does not fit any more. */
  readonly stale: number;
  /** Whether it is a `%%deepshi` cell. */
  readonly isAsking: boolean;
}

/** What is known beside the notebook. */
export interface Seen {
  /** Whether the cell is running now. */
  readonly isRunning: boolean;
  /** Whether an answer is coming. */
  readonly isComing: (turn: string) => boolean;
  /** Whether an answer is known to have come from a record. */
  readonly isReplayed: (turn: string) => boolean;
}

const KINDS: Readonly<Record<State, BadgeKind>> = {
  copied: 'copied',
  'answer-edited': 'edited',
  partial: 'partial',
  edited: 'edited',
  'params-changed': 'edited',
  'context-changed': 'stale',
  unsent: 'unsent',
  fresh: 'fresh',
};

/** Return the badge of a cell. */
export function badgeOf(cell: CellState, seen: Seen): Badge {
  const { questions, isAsking, troubles } = cell;
  const kind = kindOf(cell, seen);
  const told = [
    ...questions.flatMap(({ reasons }) => reasons),
    ...troubles.map(({ what, todo }) => `${what} ${todo}`),
  ];
  return {
    kind,
    reasons: kind === 'asking' ? [] : [...new Set(told)],
    models: [...new Set(questions.flatMap(({ facts }) => facts?.models ?? []))],
    amounts: amountsOf(questions),
    questions: questions.length,
    stale: questions.filter(isStale).length,
    isAsking,
  };
}

/** Whether a question has an answer that does not fit any more. */
export function isStale({ states }: Pick<Question, 'states'>): boolean {
  return !states.includes('fresh') && !states.includes('unsent');
}

function kindOf({ questions, state }: CellState, seen: Seen): BadgeKind {
  const turns = questions.flatMap(({ turn }) => (turn === null ? [] : [turn.record.id]));
  if (seen.isRunning || turns.some(seen.isComing)) {
    return 'asking';
  }
  if (state === null) {
    return 'unreadable';
  }
  const isReplayed = state === 'fresh' && turns.length > 0 && turns.every(seen.isReplayed);
  return isReplayed ? 'replayed' : KINDS[state];
}
