/** What the status bar says of a notebook, as values. */

import type { Replies } from '../protocol';
import type { DocumentState } from '../state/document-state';

export interface NotebookSums {
  /** USD that the services reported. */
  readonly cost: number;
  readonly tokensIn: number;
  readonly tokensOut: number;
  readonly answers: number;
  /** Answers that reported no cost. */
  readonly withoutCost: number;
  /** Questions whose answer does not fit what stands above it now. */
  readonly stale: number;
}

/** Return what the answers of a notebook took together. */
export function sumsOf({ cells }: DocumentState): NotebookSums {
  const questions = cells.flatMap((cell) => cell.questions);
  const facts = questions.flatMap((question) => question.facts ?? []);
  const sum = (pick: (fact: (typeof facts)[number]) => number): number =>
    facts.reduce((total, fact) => total + pick(fact), 0);
  return {
    cost: sum(({ cost }) => cost),
    tokensIn: sum(({ tokensIn }) => tokensIn),
    tokensOut: sum(({ tokensOut }) => tokensOut),
    answers: facts.length,
    withoutCost: sum(({ withoutCost }) => withoutCost),
    stale: questions.filter(({ states }) => !states.includes('fresh') && !states.includes('unsent'))
      .length,
  };
}

/** Return the line of the status bar. */
export function lineOf(sums: NotebookSums, status: Replies['status'] | null): string {
  const parts = [];
  if (status !== null) {
    parts.push(status.offline ? `${status.model} (offline)` : status.model, status.mode);
    if (status.context_tokens !== null) {
      parts.push(`${count(status.context_tokens)} tokens above`);
    }
  }
  parts.push(costOf(sums));
  if (sums.stale > 0) {
    parts.push(`${count(sums.stale)} stale`);
  }
  return parts.join(' · ');
}

/** Return the explanation that a pointer or a screen reader gets. */
export function explanationOf(sums: NotebookSums, status: Replies['status'] | null): string {
  const unpriced = sums.withoutCost > 0 ? `, ${count(sums.withoutCost)} of them unpriced` : '';
  const lines = [
    `${count(sums.answers)} answers in this notebook${unpriced}: ` +
      `${count(sums.tokensIn)} tokens in, ${count(sums.tokensOut)} out, ${costOf(sums)}.`,
  ];
  if (sums.stale > 0) {
    lines.push(`${count(sums.stale)} no longer fit what stands above them.`);
  }
  if (status === null) {
    lines.push('The kernel has not loaded deepshi_jupyter.');
  } else {
    lines.push(`${status.endpoint}, mode ${status.mode}. This kernel: ${status.spent}.`);
  }
  return lines.join('\n');
}

function costOf({ cost, answers }: NotebookSums): string {
  if (cost === 0) {
    return answers === 0 ? 'no answers' : '$0';
  }
  return cost < 0.01 ? `$${cost.toPrecision(2)}` : `$${cost.toFixed(2)}`;
}

function count(number: number): string {
  return number.toLocaleString('en');
}
