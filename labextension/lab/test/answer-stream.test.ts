import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Snapshot, Step } from '../../src/protocol';
import { StillClock } from '../../test/still-clock';
import { AnswerStream } from '../src/answer-stream';
import { settled } from './fake-kernel';

type Reply = Snapshot & { ended: boolean };

class Asked {
  readonly clock = new StillClock();
  readonly steps: Step[] = [];
  readonly stream: AnswerStream;
  count = 0;
  reply: Reply | null = null;

  constructor(hasComm = true) {
    const ask = (): Promise<Reply> => {
      this.count++;
      return this.reply === null ? Promise.reject(new Error('no')) : Promise.resolve(this.reply);
    };
    this.stream = new AnswerStream({ turn: 't', cell: 'c', ask, hasComm, clock: this.clock });
    this.stream.stepped.connect((_, steps) => this.steps.push(...steps));
  }

  text(seq: number, offset: number, text: string): void {
    this.stream.take({ v: 1, seq, kind: 'text', offset, text });
  }

  end(seq: number): void {
    this.stream.take({ v: 1, seq, kind: 'end', footer: 'f', notices: [] });
  }
}

test('what came is told, and kept with pieces of one kind joined', () => {
  const asked = new Asked();
  asked.stream.take({ v: 1, seq: 0, kind: 'reasoning', offset: 0, text: 'Hm.' });
  asked.text(1, 0, 'Hel');
  asked.text(2, 3, 'lo');
  asked.end(3);
  assert.deepEqual(asked.stream.steps, [
    { kind: 'reasoning', text: 'Hm.' },
    { kind: 'text', text: 'Hello' },
    { kind: 'end', footer: 'f', notices: [], isWhole: true },
  ]);
  assert.equal(asked.steps.length, 4);
  assert.equal(asked.stream.state, 'ended');
});

test('a gap is closed by a snapshot', async () => {
  const asked = new Asked();
  asked.reply = { seq: 2, text: 'Hello ', reasoning: '', ended: false };
  asked.text(0, 0, 'Hel');
  asked.text(2, 6, 'you');
  await settled();
  assert.equal(asked.count, 1);
  assert.equal(asked.stream.whole('text'), 'Hello you');
});

test('a gap that a snapshot does not close is tried again', async () => {
  const asked = new Asked();
  asked.reply = { seq: 1, text: 'Hel', reasoning: '', ended: false };
  asked.text(0, 0, 'Hel');
  asked.text(2, 6, 'you');
  await settled();
  asked.reply = { seq: 3, text: 'Hello you', reasoning: '', ended: false };
  asked.clock.pass(500);
  await settled();
  assert.equal(asked.stream.whole('text'), 'Hello you');
});

test('after a silence the kernel is asked, so that a lost end is noticed', async () => {
  const asked = new Asked();
  asked.text(0, 0, 'Hel');
  asked.reply = { seq: 3, text: 'Hello', reasoning: '', ended: true };
  asked.clock.pass(3999);
  await settled();
  assert.equal(asked.count, 0);
  asked.clock.pass(1);
  await settled();
  assert.equal(asked.stream.whole('text'), 'Hello');
  assert.equal(asked.stream.state, 'ended');
});

test('a kernel that cannot be asked is asked again later', async () => {
  const asked = new Asked();
  asked.clock.pass(4000);
  await settled();
  asked.clock.pass(4000);
  await settled();
  assert.equal(asked.count, 2);
  assert.equal(asked.stream.state, 'running');
});

test('an answer without messages of its own is read once a second', async () => {
  const asked = new Asked(false);
  for (const [seq, text] of ['a', 'ab', 'abc'].entries()) {
    asked.reply = { seq, text, reasoning: '', ended: false };
    asked.clock.pass(1000);
    await settled();
  }
  assert.equal(asked.stream.whole('text'), 'abc');
});

test('a snapshot that is older than what came takes nothing back', async () => {
  const asked = new Asked();
  asked.text(0, 0, 'Hello');
  asked.reply = { seq: 0, text: '', reasoning: '', ended: false };
  await asked.stream.catchUp();
  asked.text(1, 5, '!');
  assert.equal(asked.stream.whole('text'), 'Hello!');
});

test('after it was cut nothing is read or asked', async () => {
  const asked = new Asked();
  asked.stream.cut();
  asked.text(0, 0, 'Hello');
  asked.clock.pass(10_000);
  await settled();
  assert.deepEqual([asked.stream.state, asked.count, asked.steps.length], ['cut', 0, 0]);
});

test('a version that is not known ends it', () => {
  const asked = new Asked();
  asked.stream.take({ v: 2 });
  assert.equal(asked.steps[0]?.kind, 'unreadable');
  assert.equal(asked.stream.state, 'ended');
});
