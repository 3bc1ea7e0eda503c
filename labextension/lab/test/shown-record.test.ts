import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { shownRecord, type ShownRecord } from '../src/renderer/shown-record';
import { RecordError } from '../src/state/turn-record';
import type { ToolCall } from '../../src/tool-card';

/** Files with what `deepshi_jupyter/display/` shows of a record. */
const FILES = path.join('..', '..', 'tests', 'frontend', 'protocol');

interface Example {
  record: unknown;
  shown: {
    question: string;
    footer: string;
    notices: string[];
    cards: string[];
    answers: { reasoning: string; text: string; refusal: string }[];
  };
}

function lineOf({ name, arguments: written, state, seconds = 0 }: ToolCall): string {
  const end =
    state === 'refused' ? state : `${state === 'failed' ? 'failed, ' : ''}${seconds.toFixed(1)} s`;
  return `${name}(${written}) · ${end}`;
}

function asPython({ question, footer, notices, cards, answers }: ShownRecord): Example['shown'] {
  return {
    question,
    footer,
    notices,
    cards: cards.map(lineOf),
    answers: answers.map(({ reasoning, text, refusal }) => ({ reasoning, text, refusal })),
  };
}

const files = readdirSync(FILES).filter((name) => /^record-.*\.json$/.test(name));

for (const name of files) {
  test(`${name} is shown as the kernel shows it`, () => {
    const { record, shown } = JSON.parse(readFileSync(path.join(FILES, name), 'utf8')) as Example;
    assert.deepEqual(asPython(shownRecord(record)), shown);
  });
}

test('there are files to read', () => {
  assert.ok(files.length >= 20);
});

test('what is no record is refused with what to do', () => {
  for (const value of [null, {}, { v: 3 }, { v: 2, calls: 'none' }, 'text']) {
    assert.throws(
      () => shownRecord(value),
      (error) => error instanceof RecordError && error.todo !== '',
    );
  }
});
