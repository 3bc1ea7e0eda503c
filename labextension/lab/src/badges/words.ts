/** What a user reads of badges and contexts, in the user's language. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { CellContext } from '../state/cell-context';
import { costText, count, short, type Amounts } from './amounts';
import type { Badge, BadgeKind } from './badge';
import type { ContextMark } from './context-marks';

/** The sentences of badges. */
export class BadgeWords {
  readonly #trans: TranslationBundle;

  constructor(trans: TranslationBundle) {
    this.#trans = trans;
  }

  /** The word on a badge. */
  kind(kind: BadgeKind): string {
    return this.#kinds()[kind];
  }

  /** What a kind of badge means, in a sentence. */
  meaning({ kind, isAsking }: Badge): string {
    const meanings = this.#meanings();
    return kind === 'unsent' && !isAsking ? this.#trans.__('It has no answer.') : meanings[kind];
  }

  /** Why a badge is what it is, in sentences. */
  reasons({ reasons }: Badge): string[] {
    return this.sentences(reasons);
  }

  /** Reasons as sentences. */
  sentences(reasons: readonly string[]): string[] {
    // A sentence that quotes options may hold a "%", which the translator would fill in.
    return reasons.map((each) => sentence(each.includes('%') ? each : this.#trans.__(each)));
  }

  /** The models and what the answers took, in one line; empty without answers. */
  facts({ models, amounts, questions, stale }: Badge): string {
    const trans = this.#trans;
    const several =
      questions > 1 ? [trans.__('%1 questions, %2 of them stale', questions, stale)] : [];
    return [...several, ...models, this.tokens(amounts), this.cost(amounts)]
      .filter((part) => part !== '')
      .join(' · ');
  }

  tokens({ tokensIn, tokensOut }: Amounts): string {
    const isKnown = tokensIn + tokensOut > 0;
    return isKnown ? this.#trans.__('%1 in / %2 out', count(tokensIn), count(tokensOut)) : '';
  }

  cost(amounts: Amounts): string {
    const { calls, unpriced } = amounts;
    if (calls === 0) {
      return '';
    }
    const known = costText(amounts);
    return unpriced === 0
      ? known
      : [known, this.#trans.__('cost not reported')].filter(Boolean).join(' + ');
  }

  /** What a screen reader and a pointer get of a badge. */
  label(badge: Badge, mark: ContextMark | null): string[] {
    const lines = [`${this.kind(badge.kind)}: ${this.meaning(badge)}`, ...this.reasons(badge)];
    const facts = this.facts(badge);
    return [...lines, ...(facts === '' ? [] : [facts]), ...(mark ? [this.mark(mark)] : [])];
  }

  /** What is said of a cell in the context of another one. */
  mark({ isSent, tokens, isPinned, why }: ContextMark): string {
    const trans = this.#trans;
    const weight = count(tokens);
    const notes = [...(isPinned ? [trans.__('pinned')] : []), ...why.map((each) => trans.__(each))];
    const said = isSent
      ? trans.__('Sent with the question: about %1 tokens', weight)
      : trans.__('Not sent with the question: about %1 tokens', weight);
    return notes.length === 0 ? `${said}.` : `${said} (${notes.join(', ')}).`;
  }

  /** The weight of a cell in the margin. */
  weight({ isSent, tokens, why }: ContextMark): string {
    const first = why[0];
    return isSent || first === undefined
      ? this.#trans.__('≈ %1 tok', short(tokens))
      : this.#trans.__(first);
  }

  /** The weight of all that stands above a question, in the margin. */
  above({ tokens }: CellContext): string {
    return this.#trans.__('↑ %1 tok', short(tokens));
  }

  /** What is sent before a question, in a sentence. */
  context({ problem, turns, tokens, system }: CellContext): string {
    const trans = this.#trans;
    if (problem !== '') {
      return problem;
    }
    const sent = turns.filter(({ why }) => why === null).length;
    const left = turns.length - sent;
    const parts = [
      sent === 0 ? trans.__('no earlier turn') : trans._n('%1 turn', '%1 turns', sent, sent),
      ...(system === '' ? [] : [trans.__('a system prompt')]),
      ...(left === 0 ? [] : [trans.__('%1 left out', left)]),
    ];
    const all = parts.join(', ');
    return tokens === 0
      ? trans.__('Context: %1.', all)
      : trans.__('Context: %1; about %2 tokens.', all, count(tokens));
  }

  get runAgain(): string {
    return this.#trans.__('Run this cell again');
  }

  get runFirst(): string {
    return this.#trans.__('Run this cell');
  }

  get runStale(): string {
    return this.#trans.__('Run all stale cells…');
  }

  #kinds(): Record<BadgeKind, string> {
    const trans = this.#trans;
    return {
      fresh: trans.__('fresh'),
      replayed: trans.__('replayed'),
      stale: trans.__('stale'),
      edited: trans.__('edited'),
      partial: trans.__('partial'),
      copied: trans.__('copied'),
      unsent: trans.__('unsent'),
      asking: trans.__('asking'),
      unreadable: trans.__('unreadable'),
    };
  }

  #meanings(): Record<BadgeKind, string> {
    const trans = this.#trans;
    return {
      fresh: trans.__('The answer fits the question and what stands above it.'),
      replayed: trans.__('The answer was recorded earlier; nothing was asked when the cell ran.'),
      stale: trans.__('The answer does not fit what stands above it any more.'),
      edited: trans.__('The question or its answer was changed since it was asked.'),
      partial: trans.__('The answer is not whole.'),
      copied: trans.__('The answer was copied from another cell.'),
      unsent: trans.__('The question was not asked yet.'),
      asking: trans.__('The answer is coming.'),
      unreadable: trans.__('The record of the answer cannot be read.'),
    };
  }
}

/** Reasons are parts of a table elsewhere; here they are sentences. */
function sentence(reason: string): string {
  const begun = reason.charAt(0).toUpperCase() + reason.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
