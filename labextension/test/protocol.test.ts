import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { StreamReader, type Snapshot, type Step } from '../src/protocol';

/** Files that `tests/frontend/test_protocol.py` compares with what the kernel sends. */
const FILES = path.join('..', 'tests', 'frontend', 'protocol');

interface Exchange {
  messages: { seq: number }[];
  lost?: number[];
  snapshot?: { before: number; is: Snapshot };
  steps: Step[];
}

/** Other files there are of other protocols. */
const names = readdirSync(FILES).filter(
  (name) => name.endsWith('.json') && 'steps' in (exchangeIn(name) as object),
);

for (const name of names) {
  test(`the reader reads ${name} as it should`, () => {
    const exchange = exchangeIn(name) as Exchange;
    assert.deepEqual(readAll(exchange), exchange.steps);
  });
}

function exchangeIn(name: string): unknown {
  return JSON.parse(readFileSync(path.join(FILES, name), 'utf8'));
}

function readAll({ messages, lost = [], snapshot }: Exchange): Step[] {
  const reader = new StreamReader();
  return messages.flatMap((message) => {
    const filled = snapshot?.before === message.seq ? reader.fill(snapshot.is) : [];
    return [...filled, ...(lost.includes(message.seq) ? [] : reader.take(message))];
  });
}

test('there are files to read', () => {
  assert.ok(names.length >= 5);
});

const text = (seq: number, offset: number, said: string): unknown => ({
  v: 1,
  seq,
  kind: 'text',
  offset,
  text: said,
});

test('a message that comes twice is read once', () => {
  const reader = new StreamReader();
  assert.deepEqual(reader.take(text(0, 0, 'a')), [{ kind: 'text', text: 'a' }]);
  assert.deepEqual(reader.take(text(0, 0, 'a')), []);
});

test('an offset that does not fit is a gap, though no number is missing', () => {
  const reader = new StreamReader();
  assert.deepEqual(reader.take(text(0, 5, 'a')), [{ kind: 'gap', text: 0, reasoning: 0 }]);
});

test('a snapshot that is older than what is there adds nothing', () => {
  const reader = new StreamReader();
  reader.take(text(0, 0, 'abc'));
  reader.take(text(2, 4, 'e'));
  assert.deepEqual(reader.fill({ seq: 1, text: 'ab', reasoning: '' }), [
    { kind: 'gap', text: 3, reasoning: 0 },
  ]);
});

test('messages of another version are not guessed at', () => {
  const reader = new StreamReader();
  const [step] = reader.take({ v: 2, seq: 0, kind: 'text' });
  assert.ok(step?.kind === 'unreadable' && step.why.includes('version 2'));
  assert.deepEqual(reader.take(text(0, 0, 'a')), []);
});

test('a kind that is not known yet leaves no gap', () => {
  const reader = new StreamReader();
  assert.deepEqual(reader.take({ v: 1, seq: 0, kind: 'picture' }), []);
  assert.deepEqual(reader.take(text(1, 0, 'a')), [{ kind: 'text', text: 'a' }]);
});

test('what is no message at all is passed over', () => {
  const reader = new StreamReader();
  for (const data of [
    { v: 1 },
    { v: 1, seq: -1, kind: 'text', text: 'a', offset: 0 },
    { v: 1, seq: 0, kind: 'text' },
  ]) {
    reader.take(data);
  }
  assert.equal(reader.take(null)[0]?.kind, 'unreadable');
});
