import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Replies } from '../protocol';
import type { DocumentState } from '../state/document-state';
import { explanationOf, lineOf, sumsOf } from './status-text';

const STATUS: Replies['status'] = {
  model: 'deepshi-3.0',
  endpoint: 'https://api.deepshi.ai/v1',
  offline: false,
  mode: 'auto',
  spent: '2 answers',
  cost: 0.5,
  context_tokens: 1234,
  context: [],
  models: [],
};

function asked(states: string[], cost: number | null): object {
  const facts = {
    models: [],
    first: '',
    tokensIn: 1000,
    tokensOut: 20,
    cost: cost ?? 0,
    calls: 1,
    withoutUsage: 0,
    withoutCost: cost === null ? 1 : 0,
  };
  return { states, reasons: [], facts: states.includes('unsent') ? null : facts };
}

function state(...questions: object[]): DocumentState {
  return { cells: [{ questions }], views: [] } as unknown as DocumentState;
}

test('the line names model, mode, tokens above and cost', () => {
  const sums = sumsOf(state(asked(['fresh'], 0.25), asked(['fresh'], 0.5)));
  assert.equal(lineOf(sums, STATUS), 'deepshi-3.0 · auto · 1,234 tokens above · $0.75');
});

test('stale answers are counted, and questions that were not sent are none', () => {
  const sums = sumsOf(state(asked(['edited'], 0), asked(['unsent'], 0), asked(['partial'], 0)));
  assert.equal(sums.stale, 2);
  assert.equal(sums.answers, 2);
  assert.match(lineOf(sums, null), /\$0 · 2 stale$/);
});

test('an answer without a reported cost is said to be unpriced', () => {
  const sums = sumsOf(state(asked(['fresh'], null), asked(['fresh'], 0.001)));
  assert.equal(lineOf(sums, null), '$0.0010');
  assert.match(
    explanationOf(sums, STATUS),
    /^2 answers in this notebook, 1 of them unpriced: 2,000/,
  );
});

test('the embedded endpoint is named as such', () => {
  const status = { ...STATUS, model: 'offline-chat', offline: true, context_tokens: null };
  assert.equal(lineOf(sumsOf(state()), status), 'offline-chat (offline) · auto · no answers');
});

test('without the magics in the kernel the cost of the file is told', () => {
  assert.match(explanationOf(sumsOf(state()), null), /has not loaded deepshi_jupyter/);
});
