/**
 * What the record of a turn says of model, tokens and cost, as the service reported them.
 *
 * The twin of `facts_of` in `deepshi_jupyter/notebook/turn_facts.py`, for one turn. Nothing is estimated.
 */

import { isObject, type JsonObject } from './json-value';
import type { RecordedCall, TurnRecord } from './turn-record';

/** The sums of the calls of a turn. */
export interface TurnFacts {
  /** The models asked with those served, such as `m (served as m-2026)`. */
  readonly models: readonly string[];
  /** When the first call began, UTC, ISO 8601; empty if that is not known. */
  readonly first: string;
  readonly tokensIn: number;
  readonly tokensOut: number;
  /** USD. */
  readonly cost: number;
  readonly calls: number;
  /** How many of the calls reported no tokens. */
  readonly withoutUsage: number;
  /** How many of the calls reported no cost. */
  readonly withoutCost: number;
}

const known = new WeakMap<TurnRecord, TurnFacts>();

/** Return the sums of the calls of a turn. */
export function factsOf(record: TurnRecord): TurnFacts {
  const facts = known.get(record) ?? summed(record);
  known.set(record, facts);
  return facts;
}

function summed(record: TurnRecord): TurnFacts {
  const calls = record.calls.filter(wasMade);
  const tokensIn = calls.map(({ usage }) => count(usage, 'prompt_tokens'));
  const tokensOut = calls.map(({ usage }) => count(usage, 'completion_tokens'));
  const costs = calls.map(({ cost_usd: cost }) => cost ?? null);
  const dates = calls.map(({ started = '' }) => started).filter((date) => date !== '');
  return {
    models: modelsOf(record),
    first: dates.sort()[0] ?? '',
    tokensIn: sum(tokensIn),
    tokensOut: sum(tokensOut),
    cost: sum(costs),
    calls: calls.length,
    withoutUsage: tokensIn.filter((number) => number === null).length,
    withoutCost: costs.filter((cost) => cost === null).length,
  };
}

/** Whether a call is known to have been made; an imported answer has none. */
function wasMade({ request_key: key = '', started = '' }: RecordedCall): boolean {
  return key !== '' || started !== '';
}

function modelsOf(record: TurnRecord): string[] {
  const served = record.calls.map((call) => call.served ?? '').filter((name) => name !== '');
  const names = served.length > 0 ? served : [''];
  return [...new Set(names.map((name) => modelName(record.model, name)))].filter(
    (name) => name !== '',
  );
}

function modelName(asked: string, served: string): string {
  if (asked !== '' && served !== '' && asked !== served) {
    return `${asked} (served as ${served})`;
  }
  return asked !== '' ? asked : served;
}

function count(usage: JsonObject | null | undefined, name: string): number | null {
  const value = isObject(usage) ? usage[name] : undefined;
  return typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : null;
}

function sum(numbers: readonly (number | null)[]): number {
  return numbers.reduce<number>((total, number) => total + (number ?? 0), 0);
}
