import assert from 'node:assert/strict';
import { test } from 'node:test';

import { cases, contextsOf, questionsOf, stateOf, unreadableIn, type Case } from './fixtures';

for (const [name, found] of cases()) {
  for (const one of found) {
    test(`${name}, ${one.what}: questions are as Python says`, () => {
      const state = stateOf(one);
      if (one.in_javascript === undefined) {
        assert.deepEqual(questionsOf(state), one.questions);
      } else {
        const found = state.cells.flatMap(({ questions }) => questions);
        assert.deepEqual(
          found.map(({ states }) => states),
          one.in_javascript,
        );
      }
    });

    test(`${name}, ${one.what}: contexts are as Python says`, () => {
      assert.deepEqual(contextsOf(stateOf(one), one), one.contexts);
    });

    test(`${name}, ${one.what}: what cannot be read is told`, () => {
      const troubles = unreadableIn(stateOf(one));
      assert.deepEqual(
        troubles,
        one.unreadable.map((trouble, n) => shortened(trouble, troubles[n])),
      );
    });
  }
}

/** Return a trouble; where in a record of a wrong form something is wrong, only Python says. */
function shortened(
  { index, what, todo }: Case['unreadable'][number],
  ours: Case['unreadable'][number] | undefined,
): Case['unreadable'][number] {
  const [beginning = ''] = what.split(': ');
  return { index, what: ours?.what === `${beginning}.` ? ours.what : what, todo };
}
