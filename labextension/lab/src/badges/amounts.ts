/** What answers took, and how that is written. */

import { isNumber } from '../json-shape';
import type { Question } from '../state/document-state';
import { isObject } from '../state/json-value';

/** What questions took when they were last asked. */
export interface Amounts {
  readonly calls: number;
  readonly tokensIn: number;
  readonly tokensOut: number;
  /** USD, as far as it is known. */
  readonly cost: number;
  /** Whether part of the cost was computed from prices, as the service did not report it. */
  readonly isEstimate: boolean;
  /** How many questions have no known cost. */
  readonly unpriced: number;
}

const NOTHING: Amounts = {
  calls: 0,
  tokensIn: 0,
  tokensOut: 0,
  cost: 0,
  isEstimate: false,
  unpriced: 0,
};

const PRICED_TOKENS = 1_000_000;

/** Return what questions took together; those without an answer took nothing. */
export function amountsOf(questions: readonly Question[]): Amounts {
  return questions.reduce((sum, question) => added(sum, question), NOTHING);
}

function added(sum: Amounts, question: Question): Amounts {
  const { facts } = question;
  if (facts === null || facts.calls === 0) {
    return sum;
  }
  const isReported = facts.withoutCost === 0;
  const cost = isReported ? facts.cost : estimateOf(question);
  return {
    calls: sum.calls + facts.calls,
    tokensIn: sum.tokensIn + facts.tokensIn,
    tokensOut: sum.tokensOut + facts.tokensOut,
    cost: sum.cost + (cost ?? 0),
    isEstimate: sum.isEstimate || (!isReported && cost !== null),
    unpriced: sum.unpriced + (cost === null ? 1 : 0),
  };
}

/** Return the cost of a turn by the price that its record keeps, or null. */
function estimateOf({ facts, turn }: Question): number | null {
  const price = turn?.record.written.price;
  const [asked, answered] = isObject(price) ? [price['prompt'], price['completion']] : [];
  if (facts === null || facts.withoutUsage > 0 || !isNumber(asked) || !isNumber(answered)) {
    return null;
  }
  return (facts.tokensIn * asked + facts.tokensOut * answered) / PRICED_TOKENS;
}

/** Write a cost; an empty text if nothing of it is known. */
export function costText({ calls, cost, isEstimate, unpriced }: Amounts): string {
  if (calls === 0 || (cost === 0 && unpriced > 0)) {
    return '';
  }
  return `${isEstimate ? '≈ ' : ''}${dollars(cost)}`;
}

function dollars(amount: number): string {
  if (amount === 0) {
    return '$0';
  }
  return amount >= 0.01 ? `$${amount.toFixed(2)}` : `$${amount.toPrecision(2)}`;
}

/** Write a number with its thousands apart. */
export function count(number: number): string {
  return number.toLocaleString('en');
}

/** Write a number of tokens in at most four characters. */
export function short(tokens: number): string {
  if (tokens < 1000) {
    return String(tokens);
  }
  const [value, unit] = tokens < 1_000_000 ? [tokens / 1000, 'k'] : [tokens / 1_000_000, 'M'];
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)}${unit}`;
}
