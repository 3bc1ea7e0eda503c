import './page';

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addStyle } from '../src/style';
import { TranscriptView } from '../src/transcript-view';
import { StillClock } from './still-clock';

/** A transcript in an element of 100 px whose content is as high as a test says. */
function transcript(): {
  view: TranscriptView;
  turns: HTMLElement;
  grow: (height: number) => void;
} {
  const view = new TranscriptView({ clock: new StillClock() });
  const turns = view.node.querySelector<HTMLElement>('.deepshi-turns');
  assert.ok(turns !== null);
  Object.defineProperty(turns, 'clientHeight', { value: 100 });
  const grow = (height: number): void => {
    Object.defineProperty(turns, 'scrollHeight', { value: height, configurable: true });
  };
  grow(100);
  return { view, turns, grow };
}

function scroll(turns: HTMLElement, top: number): void {
  turns.scrollTop = top;
  turns.dispatchEvent(new Event('scroll'));
}

test('the end is followed until the reader scrolls up, and again from the end', async () => {
  const { view, turns, grow } = transcript();
  const toEnd = view.node.querySelector<HTMLButtonElement>('.deepshi-to-end');
  const state = (): unknown[] => [view.isFollowing, toEnd?.hidden, turns.scrollTop];
  const turn = view.add();
  grow(500);
  turn.notice('a');
  await Promise.resolve();
  assert.deepEqual(state(), [true, true, 500]); // this page does not bound it by its height
  scroll(turns, 150);
  grow(900);
  turn.notice('b');
  await Promise.resolve();
  assert.deepEqual(state(), [false, false, 150]);
  toEnd?.click();
  assert.deepEqual(state(), [true, true, 900]);
});

test('a scroll event that comes after the content has grown is not the reader', async () => {
  const { view, turns, grow } = transcript();
  grow(500);
  view.add();
  await Promise.resolve();
  grow(900);
  turns.dispatchEvent(new Event('scroll'));
  assert.equal(view.isFollowing, true);
});

test('the end is looked for once, however much changes in one task', async () => {
  const { view, turns } = transcript();
  let layouts = 0;
  Object.defineProperty(turns, 'scrollHeight', { get: () => ++layouts });
  for (let number = 0; number < 100; number++) {
    view.add().notice('a');
  }
  await Promise.resolve();
  assert.equal(layouts, 1);
});

test('only what is announced is in a live region', () => {
  const { view } = transcript();
  view.announce('The answer is complete.');
  const live = view.node.querySelectorAll('[role=status]');
  assert.deepEqual(
    [...live].map((e) => e.textContent),
    ['The answer is complete.'],
  );
  assert.equal(view.node.querySelector('.deepshi-turns [role=status]'), null);
});

test('a transcript can be emptied', () => {
  const { view } = transcript();
  view.add({ question: 'a' });
  view.clear();
  assert.equal(view.node.querySelector('.deepshi-turn'), null);
});

test('the style is added once', () => {
  addStyle();
  addStyle();
  assert.equal(document.querySelectorAll('#deepshi-style').length, 1);
});
