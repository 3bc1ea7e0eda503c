import assert from 'node:assert/strict';
import { test } from 'node:test';

import { QuestionHistory } from '../src/panel/question-history';

function history(...questions: string[]): QuestionHistory {
  const made = new QuestionHistory();
  made.set(questions);
  return made;
}

test('one walks back to the first question and forth to what was being written', () => {
  const walk = history('a', 'b');
  assert.equal(walk.earlier('draft'), 'b');
  assert.equal(walk.earlier('b'), 'a');
  assert.equal(walk.earlier('a'), null);
  assert.equal(walk.later(), 'b');
  assert.equal(walk.later(), 'draft');
  assert.equal(walk.later(), null);
});

test('repeats and empty questions count once and not at all', () => {
  const walk = history('a', '', 'b', 'b');
  assert.deepEqual([walk.earlier(''), walk.earlier('b'), walk.earlier('a')], ['b', 'a', null]);
});

test('who writes is at the end again', () => {
  const walk = history('a', 'b');
  walk.earlier('');
  walk.leave();
  assert.equal(walk.isWalking, false);
  assert.equal(walk.earlier('mine'), 'b');
});
