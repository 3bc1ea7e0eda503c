import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RECORD } from '../deepshi-cells';
import { contextOf } from '../state/cell-context';
import { documentState, type DocumentState } from '../state/document-state';
import { cellsOf } from '../state/notebook-cell';
import { amountsOf, costText, short } from './amounts';
import { badgeOf, type Badge, type Seen } from './badge';
import { ContextChoice, marksOf } from './context-marks';
import { Replays } from './replays';
import { planOf } from './rerun-plan';

const UNSEEN: Seen = { isRunning: false, isComing: () => false, isReplayed: () => false };

interface Asked {
  source?: string;
  /** The body that was asked, if it is not the one of the source. */
  outputs?: unknown[];
}

/** An answer as a cell shows it; without a tip nothing of its chain is checked. */
function answer(id: string, fields: object = {}, call: object = {}): object {
  const record = {
    v: 2,
    id,
    model: 'm',
    messages: [{ role: 'user', content: 'Why?' }],
    calls: [
      {
        answers: [{ message: { role: 'assistant', content: 'So.' } }],
        request_key: 'k',
        started: '2026-11-01T09:00:00Z',
        usage: { prompt_tokens: 1000, completion_tokens: 200 },
        ...call,
      },
    ],
    ...fields,
  };
  return {
    output_type: 'display_data',
    metadata: {},
    data: { [RECORD]: record, 'text/plain': 'So.' },
  };
}

function stateOf(...cells: Asked[]): DocumentState {
  return documentState(
    cellsOf({
      cells: cells.map(({ source = '%%deepshi\nWhy?', outputs = [] }, place) => ({
        id: `c${place}`,
        cell_type: 'code',
        source,
        outputs,
        execution_count: place + 1,
      })),
    }),
  );
}

function badges(state: DocumentState, seen: Partial<Seen> = {}): Badge[] {
  return state.cells.map((cell) => badgeOf(cell, { ...UNSEEN, ...seen }));
}

const OTHER = { source_sha256: 'of another text' };
/** Asked below something else than what stands there. */
const ELSEWHERE = { parent: 'somewhere', tip: 'else' };

test('a badge is one word for what is gravest', () => {
  const state = stateOf(
    { outputs: [answer('a')] },
    { outputs: [answer('b', OTHER)] },
    { outputs: [answer('c', { kind: 'partial', ...OTHER })] },
    { outputs: [answer('a')] },
    {},
  );
  assert.deepEqual(
    badges(state).map(({ kind }) => kind),
    ['fresh', 'edited', 'partial', 'copied', 'unsent'],
  );
  assert.ok(badges(state)[2]?.reasons.some((reason) => reason.includes('broke off')));
});

test('a badge does not call an answer partial while it comes', () => {
  const state = stateOf({ outputs: [answer('a', { kind: 'partial' })] });
  const coming = badges(state, { isComing: (turn) => turn === 'a' });
  assert.deepEqual([coming[0]?.kind, coming[0]?.reasons], ['asking', []]);
  assert.equal(badges(state, { isRunning: true })[0]?.kind, 'asking');
});

test('only an answer that is fresh is called replayed', () => {
  const state = stateOf({ outputs: [answer('a')] }, { outputs: [answer('b', OTHER)] });
  const kinds = badges(state, { isReplayed: () => true }).map(({ kind }) => kind);
  assert.deepEqual(kinds, ['replayed', 'edited']);
});

test('a record that cannot be read is told', () => {
  const [badge] = badges(stateOf({ source: 'x', outputs: [answer('a', { v: 99 })] }));
  assert.equal(badge?.kind, 'unreadable');
  assert.match(badge.reasons.join(), /version 99/);
});

test('a cost is reported, computed from the price of the record, or not known', () => {
  const cost = (call: object, fields: object = {}): string => {
    const { cells } = stateOf({ outputs: [answer('a', fields, call)] });
    return costText(amountsOf(cells[0]?.questions ?? []));
  };
  assert.equal(cost({ cost_usd: 0.0123 }), '$0.01');
  assert.equal(cost({ cost_usd: 0.00123 }), '$0.0012');
  assert.equal(cost({ cost_usd: 0 }), '$0');
  assert.equal(cost({}, { price: { prompt: 2, completion: 10 } }), '≈ $0.0040');
  assert.equal(cost({}), '');
});

test('tokens fit into the margin', () => {
  assert.deepEqual([0, 999, 1000, 9949, 9960, 123_456, 2_500_000].map(short), [
    '0',
    '999',
    '1.0k',
    '9.9k',
    '10k',
    '123k',
    '2.5M',
  ]);
});

test('the marks say of each cell what of it is sent', () => {
  const state = stateOf(
    { outputs: [answer('a', { start: 'once' })] },
    { outputs: [answer('b')] },
    { source: 'loop()', outputs: [answer('c'), answer('d')] },
    {},
  );
  const context = contextOf(state, 3);
  const marks = marksOf(context);
  assert.deepEqual([...marks.keys()], ['c0', 'c1', 'c2']);
  assert.deepEqual(marks.get('c0')?.why, ['asked with --once']);
  assert.equal(marks.get('c0')?.isSent, false);
  assert.equal(marks.get('c2')?.isSent, true);
  assert.equal(marks.get('c2')?.tokens, 2 * (marks.get('c1')?.tokens ?? NaN));
});

test('the context is shown of the badge pointed at, else of the active question', () => {
  const choice = new ContextChoice();
  const [asking, plain] = [
    { id: 'q', isAsking: true },
    { id: 'p', isAsking: false },
  ];
  assert.equal(choice.subject({ pointed: null, active: asking }), 'q');
  assert.equal(choice.subject({ pointed: 'other', active: asking }), 'other');
  assert.equal(choice.subject({ pointed: null, active: plain }), null);
  choice.toggle(asking);
  assert.equal(choice.subject({ pointed: null, active: asking }), null);
  assert.equal(choice.subject({ pointed: 'other', active: asking }), 'other');
  choice.toggle(plain);
  assert.equal(choice.subject({ pointed: null, active: plain }), 'p');
  assert.equal(choice.subject({ pointed: null, active: asking }), 'q');
});

test('asking again takes what is stale and what stands on it', () => {
  const state = stateOf(
    { outputs: [answer('a')] },
    { outputs: [answer('b', OTHER, { cost_usd: 0.5 })] },
    { outputs: [answer('c', {}, { cost_usd: 0.25 })] },
    { source: '%%deepshi --once\nWhy?', outputs: [answer('d', { start: 'once' })] },
    { source: 'ask("Why?")', outputs: [answer('e', OTHER)] },
    {},
  );
  const plan = planOf(state);
  const ids = (cells: readonly { id: string }[]): string[] => cells.map(({ id }) => id);
  assert.deepEqual(ids(plan.stale), ['c1']);
  assert.deepEqual(ids(plan.following), ['c2']);
  assert.deepEqual(ids(plan.byHand), ['c4']);
  assert.deepEqual(
    [plan.amounts.calls, plan.amounts.tokensIn, plan.amounts.tokensOut, plan.amounts.cost],
    [2, 2000, 400, 0.75],
  );
});

test('an answer that a human changed is named before it is lost', () => {
  const changed = answer('a') as { data: Record<string, unknown> };
  changed.data['text/plain'] = 'Not so.';
  const plan = planOf(stateOf({ outputs: [changed] }));
  assert.deepEqual(
    plan.changedByHand.map(({ id }) => id),
    ['c0'],
  );
});

test('nothing is planned where all is fresh', () => {
  const plan = planOf(stateOf({ outputs: [answer('a')] }, {}));
  assert.deepEqual([plan.stale, plan.following, plan.amounts.calls], [[], [], 0]);
});

test('an answer of a stale context is stale, and named so', () => {
  const [badge] = badges(stateOf({ outputs: [answer('a', ELSEWHERE)] }));
  assert.equal(badge?.stale, 1);
});

/** A message of the kernel about a run. */
function said(type: string, content: object, date = '2026-11-02T10:00:00Z'): never {
  return { header: { msg_type: type, date }, parent_header: { msg_id: 'run' }, content } as never;
}

test('an answer asked for before its cell ran is a replayed one', () => {
  const replays = new Replays();
  const show = said('display_data', answer('a'));
  assert.equal(replays.take(show), false);
  assert.equal(replays.has('a'), false);
  replays.take(said('execute_input', { code: '%%deepshi\nWhy?' }));
  assert.equal(replays.take(show), true);
  assert.equal(replays.has('a'), true);
});

test('an answer that is asked for when its cell runs is not', () => {
  const replays = new Replays();
  replays.take(said('execute_input', { code: '%%deepshi\nWhy?' }));
  const live = answer('a', {}, { started: '2026-11-02T10:00:01Z' });
  replays.take(said('update_display_data', live));
  assert.equal(replays.has('a'), false);
});

test('an answer that a command shows was not replayed', () => {
  const replays = new Replays();
  replays.take(said('execute_input', { code: '%deepshi pick -1' }));
  replays.take(said('display_data', answer('a')));
  assert.equal(replays.has('a'), false);
});
