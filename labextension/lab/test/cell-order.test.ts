import assert from 'node:assert/strict';
import { test } from 'node:test';

import { StillClock } from '../../test/still-clock';
import { CellOrder, type SourceOfCell } from '../src/cell-order';
import type { Order } from '../src/protocol';
import { textSha256 } from '../src/state/text-hash';
import { settled } from './fake-kernel';

function ordered(...cells: SourceOfCell[]): {
  order: CellOrder;
  cells: SourceOfCell[];
  sent: Omit<Order, 'seq'>[];
  clock: StillClock;
} {
  const sent: Omit<Order, 'seq'>[] = [];
  const clock = new StillClock();
  const order = new CellOrder({ cells: () => cells, send: (told) => sent.push(told), clock });
  return { order, cells, sent, clock };
}

const A = { id: 'a', source: 'x = 1' };
const B = { id: 'b', source: '%%deepshi\nWhy? 🙂' };

test('changes are told once there is quiet, with the hashes of the sources', () => {
  const { order, sent, clock } = ordered(A, B);
  order.changed();
  clock.pass(399);
  order.changed();
  clock.pass(399);
  assert.deepEqual(sent, []);
  clock.pass(1);
  assert.deepEqual(sent, [
    {
      cells: [A, B].map(({ id, source }) => ({ id, sha256: textSha256(source) })),
      runs: [],
    },
  ]);
});

test('what is as it was is not told again', () => {
  const { order, cells, sent, clock } = ordered(A, B);
  order.changed();
  clock.pass(400);
  order.changed();
  clock.pass(400);
  assert.equal(sent.length, 1);
  cells.reverse();
  order.changed();
  clock.pass(400);
  assert.deepEqual(
    sent[1]?.cells.map(({ id }) => id),
    ['b', 'a'],
  );
});

test('an edit is told', () => {
  const { order, cells, sent, clock } = ordered(A, B);
  order.tellAll();
  cells[0] = { id: 'a', source: 'x = 2' };
  order.changed();
  clock.pass(400);
  assert.equal(sent[1]?.cells[0]?.sha256, textSha256('x = 2'));
});

test('before a cell runs the order is told at once, changed or not', () => {
  const { order, sent } = ordered(A, B);
  order.tellAll();
  order.runs('b');
  const [told, again] = sent;
  assert.deepEqual(again, { ...told, runs: ['b'] });
});

test('cells that are run in one task are told by two orders', async () => {
  const { order, sent } = ordered(A, B);
  for (let run = 0; run < 300; run++) {
    order.runs(`cell-${run}`);
  }
  assert.deepEqual(
    sent.map(({ runs }) => runs.length),
    [1],
  );
  await settled();
  assert.deepEqual(
    sent.map(({ runs }) => runs.length),
    [1, 299],
  );
  order.runs('a');
  await settled();
  assert.equal(sent.length, 3);
});

test('nothing is told after it was disposed', () => {
  const { order, sent, clock } = ordered(A);
  order.changed();
  order.dispose();
  clock.pass(1000);
  assert.deepEqual(sent, []);
});
