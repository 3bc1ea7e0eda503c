import './page';

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Decision, ToolCall } from '../src/tool-card';
import { TurnView } from '../src/turn-view';
import { StillClock } from './still-clock';

const CALL: ToolCall = { id: 'c1', name: 'rows', arguments: '{"n": 3}', state: 'asking' };

function turn(): { view: TurnView; clock: StillClock; decisions: [string, Decision][] } {
  const clock = new StillClock();
  const decisions: [string, Decision][] = [];
  const onDecision = (id: string, decision: Decision): unknown => decisions.push([id, decision]);
  return { view: new TurnView({ clock, onDecision, question: 'Why <b>?' }), clock, decisions };
}

function textOf(view: TurnView, selector: string): string {
  return view.node.querySelector(selector)?.textContent ?? '';
}

test('a question is shown as it was written', () => {
  const { view } = turn();
  assert.equal(textOf(view, '.deepshi-question'), 'Why <b>?');
});

test('reasoning is folded, tells its time, and is drawn when it is unfolded', () => {
  const { view, clock } = turn();
  view.reasoning('Hm, **so**.');
  clock.pass(2500);
  assert.equal(textOf(view, 'summary'), 'Thinking · 2 s');
  view.text('Yes.');
  clock.pass(5000);
  assert.equal(textOf(view, 'summary'), 'Reasoning · 2.5 s');
  const details = view.node.querySelector('details');
  assert.ok(details !== null && !details.open);
  assert.equal(textOf(view, '.deepshi-reasoning .deepshi-markdown'), '');
  details.open = true;
  details.dispatchEvent(new Event('toggle'));
  assert.equal(textOf(view, '.deepshi-reasoning strong'), 'so');
});

test('parts of an answer stand in the order in which they came', () => {
  const { view } = turn();
  view.reasoning('a');
  view.text('one');
  view.tool({ ...CALL, state: 'running' });
  view.text('two');
  view.picture('data:image/png;base64,AAAA', 'a plot');
  view.end();
  const kinds = [...(view.node.querySelector('.deepshi-answer')?.children ?? [])].map(
    (e) => e.className.split(' ')[0],
  );
  assert.deepEqual(kinds, [
    ...[
      'deepshi-reasoning',
      'deepshi-markdown',
      'deepshi-tool',
      'deepshi-markdown',
      'deepshi-picture',
    ],
  ]);
});

test('a tool that asks for leave shows what it would do, and hears one answer', () => {
  const { view, decisions } = turn();
  view.tool(CALL);
  assert.equal(view.node.querySelector('details')?.open, true);
  assert.equal(textOf(view, 'pre'), '{"n": 3}');
  const buttons = [...view.node.querySelectorAll('button')];
  assert.deepEqual(
    buttons.map((b) => b.textContent),
    ['Allow once', 'Always allow', 'Refuse'],
  );
  buttons[2]?.click();
  assert.deepEqual(decisions, [['c1', 'refuse']]);
  assert.ok(buttons.every((b) => b.disabled));
  view.tool({ ...CALL, state: 'refused' });
  assert.equal(view.node.querySelectorAll('button, details[open]').length, 0);
  assert.equal(textOf(view, 'summary'), '🔧 rows({"n": 3}) · refused');
});

test('what a tool gave is folded text', () => {
  const { view } = turn();
  view.tool({ ...CALL, state: 'failed', seconds: 1.25, result: '<img src=x>', note: 'cut' });
  assert.equal(textOf(view, 'summary'), '🔧 rows({"n": 3}) · failed, 1.3 s');
  assert.ok(view.node.textContent.includes('<img src=x>'));
  assert.equal(view.node.querySelector('img'), null);
  assert.equal(textOf(view, '.deepshi-note'), 'cut');
});

test('a picture that would ask a server is not shown', () => {
  const { view } = turn();
  for (const address of [
    'https://x.y/p.png',
    'data:image/svg+xml;base64,AAAA',
    'javascript:x',
    '/api',
  ]) {
    view.picture(address, 'x');
  }
  assert.equal(view.node.querySelector('img'), null);
  assert.equal(view.node.querySelectorAll('.deepshi-notices li').length, 4);
});

test('the end of a stream brings notices and the footer', () => {
  const { view } = turn();
  view.show({ kind: 'text', text: 'Hi' });
  view.show({ kind: 'notice', text: 'Trying again.' });
  view.show({ kind: 'gap', text: 2, reasoning: 0 });
  view.show({ kind: 'end', footer: 'm · 1 s', notices: ['Cut <b>.'], isWhole: true });
  assert.equal(textOf(view, '.deepshi-answer'), 'Hi');
  assert.equal(textOf(view, '.deepshi-footer'), 'm · 1 s');
  assert.deepEqual(
    [...view.node.querySelectorAll('li')].map((li) => li.textContent),
    ['Trying again.', 'Cut <b>.'],
  );
});

test('nothing that grows is a live region', () => {
  const { view } = turn();
  view.reasoning('a');
  view.text('b');
  view.tool(CALL);
  assert.equal(
    view.node.querySelector('[aria-live], [role=log], [role=status], [role=alert]'),
    null,
  );
});
