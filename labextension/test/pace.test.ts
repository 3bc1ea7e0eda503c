import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Pace } from '../src/pace';
import { StillClock } from './still-clock';

function drawings(took: number): number {
  const clock = new StillClock();
  let count = 0;
  const pace = new Pace(() => {
    count++;
    clock.work(took);
  }, clock);
  while (clock.now() < 10_000) {
    pace.ask();
    clock.pass(20);
  }
  return count;
}

test('what is quick to draw is drawn ten times a second', () => {
  const count = drawings(1);
  assert.ok(count > 75 && count <= 101, String(count));
});

test('what is slow to draw takes a fifth of the time at most', () => {
  const count = drawings(100);
  assert.ok(count > 15 && count <= 21, String(count));
});
