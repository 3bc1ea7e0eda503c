import assert from 'node:assert/strict';
import { test } from 'node:test';

import { StillClock } from '../../test/still-clock';
import { KernelLink } from '../src/kernel-link';
import { LinkError } from '../src/pending-requests';
import { EDIT, READY, STREAM } from '../src/protocol';
import { FakeKernel, settled } from './fake-kernel';

const HELLO = { kind: 'hello', front_end: 'jupyterlab', reads: ['stream', 'edit'] };
const TURN = '01KAQ2M9SFE3V8T6D0C4XN5R7W';

function linked({ isWanted = true } = {}): {
  link: KernelLink;
  kernel: FakeKernel;
  clock: StillClock;
} {
  const clock = new StillClock();
  const link = new KernelLink({ isWanted: () => isWanted, clock });
  const kernel = new FakeKernel();
  link.use(kernel.asKernel);
  return { link, kernel, clock };
}

async function opened(): Promise<ReturnType<typeof linked>> {
  const all = linked();
  await all.kernel.welcomes();
  assert.equal(all.link.state, 'open');
  all.kernel.sent.length = 0;
  return all;
}

const rejectsWith = (what: RegExp) => (error: unknown) =>
  error instanceof LinkError && what.test(error.what) && error.todo !== '';

test('a notebook with questions opens the link and says hello over a subshell', async () => {
  const { link, kernel } = linked();
  assert.equal(link.state, 'opening');
  await settled();
  assert.deepEqual(
    kernel.sent.map(({ type, subshell }) => [type, subshell]),
    [
      ['comm_open', 'subshell-1'],
      ['comm_msg', 'subshell-1'],
    ],
  );
  assert.deepEqual(kernel.asked, [HELLO]);
  await kernel.welcomes();
  assert.equal(link.state, 'open');
});

test('a notebook without questions waits until the kernel says that the magics are loaded', async () => {
  const { link, kernel } = linked({ isWanted: false });
  await settled();
  assert.equal(link.state, 'closed');
  assert.equal(kernel.sent.length, 0);
  kernel.opens(READY, { v: 1 });
  await kernel.welcomes();
  assert.equal(link.state, 'open');
});

test('a ready of another version is closed and opens nothing', async () => {
  const { link, kernel } = linked({ isWanted: false });
  const ready = kernel.opens(READY, { v: 2 });
  await settled();
  assert.ok(ready.wasClosed);
  assert.equal(link.state, 'closed');
});

test('a connection that does not handle comms is left alone', async () => {
  const link = new KernelLink({ isWanted: () => true, clock: new StillClock() });
  const kernel = new FakeKernel();
  kernel.handleComms = false;
  link.use(kernel.asKernel);
  link.openIfWanted();
  await settled();
  assert.equal(kernel.targets.size, 0);
  assert.equal(kernel.sent.length, 0);
});

test('a kernel without the magics closes the comm, and is asked again only when it is ready', async () => {
  const { link, kernel } = linked();
  await settled();
  kernel.control.closedByKernel();
  await settled();
  assert.equal(link.state, 'closed');
  link.openIfWanted();
  await settled();
  assert.equal(kernel.asked.length, 1);
  kernel.opens(READY, { v: 1 });
  await kernel.welcomes();
  assert.equal(link.state, 'open');
});

test('a ready while the link opens opens it anew, and the old try does no harm', async () => {
  const { link, kernel } = linked();
  await settled();
  const old = kernel.control;
  kernel.opens(READY, { v: 1 });
  await settled();
  assert.notEqual(kernel.control, old);
  old.closedByKernel();
  await kernel.welcomes();
  assert.equal(link.state, 'open');
});

test('a kernel without subshells gets its messages in the main shell', async () => {
  const link = new KernelLink({ isWanted: () => true, clock: new StillClock() });
  const kernel = new FakeKernel();
  kernel.supportsSubshells = false;
  link.use(kernel.asKernel);
  await kernel.welcomes();
  assert.equal(link.state, 'open');
  assert.ok(kernel.sent.every(({ subshell }) => subshell === null));
  assert.equal(kernel.subshells, 0);
});

test('a user who wants no subshells gets none', async () => {
  const link = new KernelLink({ isWanted: () => true, clock: new StillClock() });
  const kernel = new FakeKernel();
  kernel.commsOverSubshells = 'disabled';
  link.use(kernel.asKernel);
  await kernel.welcomes();
  assert.equal(link.state, 'open');
  assert.equal(kernel.subshells, 0);
});

test('a kernel that runs a cell when the page is loaded is linked by a subshell all the same', async () => {
  const clock = new StillClock();
  const link = new KernelLink({ isWanted: () => true, clock });
  const kernel = new FakeKernel();
  kernel.info = new Promise(() => undefined);
  kernel.connectionStatus = 'connecting';
  link.use(kernel.asKernel);
  await settled();
  assert.equal(kernel.subshells, 0);
  kernel.connection('connected');
  await settled();
  clock.pass(300);
  await kernel.welcomes();
  assert.equal(link.state, 'open');
  assert.equal(kernel.sent[0]?.subshell, 'subshell-1');
});

test('a request gets its reply', async () => {
  const { link, kernel } = await opened();
  const reply = link.request('status', { cell: null });
  const status = {
    ...{ model: 'm', endpoint: 'e', offline: false, mode: 'live', spent: '', cost: null },
    ...{ context_tokens: 3, context: [], models: [] },
  };
  kernel.replies('status', status);
  assert.equal((await reply).context_tokens, 3);
  assert.deepEqual(kernel.asked, [{ kind: 'status', cell: null }]);
});

test('replies about turns go to those who asked about them, in whatever order', async () => {
  const { link, kernel } = await opened();
  const [a, b] = [link.request('versions', { turn: 'a' }), link.request('versions', { turn: 'b' })];
  kernel.replies('versions', { turn: 'b', versions: [] });
  kernel.replies('versions', { turn: 'a', versions: [] });
  assert.deepEqual([(await a).turn, (await b).turn], ['a', 'b']);
});

test('a refusal rejects the request with what happened and what to do', async () => {
  const { link, kernel } = await opened();
  const reply = link.request('pick', { turn: 'a', version: 'b' });
  kernel.replies('error', { what: 'It is not known.', todo: 'Run it.', to: 'pick' });
  await assert.rejects(reply, rejectsWith(/not known/));
});

test('a reply that cannot be read is passed over', async () => {
  const { link, kernel, clock } = await opened();
  const reply = link.request('settings', { model: null, system: null, mode: null, parameters: {} });
  kernel.replies('settings', { errors: 'none' });
  clock.pass(10_000);
  await assert.rejects(reply, rejectsWith(/did not answer/));
});

test('a request that is given up rejects with the reason, and its late reply does no harm', async () => {
  const { link, kernel } = await opened();
  const giving = new AbortController();
  const reply = link.request('versions', { turn: 'a' }, { signal: giving.signal });
  giving.abort(new Error('enough'));
  await assert.rejects(reply, /enough/);
  kernel.replies('versions', { turn: 'a', versions: [] });
  await assert.rejects(
    link.request('versions', { turn: 'a' }, { signal: AbortSignal.abort(new Error('before')) }),
    /before/,
  );
  assert.equal(kernel.asked.length, 1);
});

test('a request on a closed link is refused at once', async () => {
  const { link } = linked({ isWanted: false });
  await assert.rejects(link.request('status', { cell: null }), rejectsWith(/not linked/));
});

test('a restart closes the link, rejects what waits, and cuts the streams', async () => {
  const { link, kernel } = await opened();
  kernel.opens(STREAM, { v: 1, turn: TURN, cell: 'c' });
  const reply = link.request('status', { cell: null });
  kernel.becomes('restarting');
  await assert.rejects(reply, rejectsWith(/restarted/));
  assert.equal(link.state, 'closed');
  assert.equal(link.streams.get(TURN)?.state, 'cut');
});

test('after a restart the link opens once the kernel is there, over a new subshell', async () => {
  const { link, kernel } = await opened();
  kernel.becomes('restarting');
  kernel.becomes('idle');
  await kernel.welcomes();
  assert.equal(link.state, 'open');
  assert.equal(kernel.sent.at(-1)?.subshell, 'subshell-2');
});

test('after a break in the connection it says hello again, and streams go on', async () => {
  const { link, kernel } = await opened();
  kernel.opens(STREAM, { v: 1, turn: TURN, cell: 'c' });
  kernel.connection('connecting');
  kernel.connection('connected');
  await kernel.welcomes([{ turn: TURN, cell: 'c', comm: 'x' }]);
  assert.equal(link.state, 'open');
  assert.equal(link.streams.get(TURN)?.state, 'running');
  assert.deepEqual(
    kernel.asked.map(({ kind }) => kind),
    ['hello', 'snapshot'],
  );
});

test('another kernel gets its own link', async () => {
  const { link, kernel } = await opened();
  const other = new FakeKernel();
  link.use(other.asKernel);
  assert.deepEqual([...kernel.targets.keys()], []);
  assert.equal(kernel.sent.at(-1)?.type, 'comm_close');
  await other.welcomes();
  assert.equal(link.state, 'open');
});

test('a stream is read and told', async () => {
  const { link, kernel } = await opened();
  const turns: string[] = [];
  link.streamAdded.connect((_, { turn, cell }) => turns.push(`${turn} ${cell}`));
  const comm = kernel.opens(STREAM, { v: 1, turn: TURN, cell: 'c' });
  comm.says({ v: 1, seq: 0, kind: 'text', text: 'Hello', offset: 0 });
  assert.deepEqual(turns, [`${TURN} c`]);
  assert.equal(link.streams.get(TURN)?.whole('text'), 'Hello');
});

test('a stream that cannot be read is closed', async () => {
  const { link, kernel } = await opened();
  assert.ok(kernel.opens(STREAM, { v: 2 }).wasClosed);
  assert.equal(link.streams.size, 0);
});

test('an answer that another page began is gone on with from a snapshot', async () => {
  const { link, kernel } = linked();
  const adopted: string[] = [];
  link.streamAdopted.connect((_, { turn }) => adopted.push(turn));
  await kernel.welcomes([{ turn: TURN, cell: 'c', comm: 'theirs' }]);
  kernel.replies('snapshot', {
    turn: TURN,
    seq: 2,
    text: 'Hello ',
    reasoning: 'Hm.',
    ended: false,
  });
  await settled();
  const comm = kernel.comms.find(({ commId }) => commId === 'theirs');
  comm?.says({ v: 1, seq: 2, kind: 'text', text: 'you', offset: 6 });
  assert.deepEqual(adopted, [TURN]);
  assert.equal(link.streams.get(TURN)?.whole('text'), 'Hello you');
  assert.equal(link.streams.get(TURN)?.whole('reasoning'), 'Hm.');
});

test('a change of a line is told', async () => {
  const { link, kernel } = await opened();
  const edits: unknown[] = [];
  link.lineEdited.connect((_, edit) => edits.push(edit));
  kernel.opens(EDIT, { v: 1, cell: 'c', line: '%%deepshi -t 0' });
  kernel.opens(EDIT, { v: 1, cell: 'c', line: 'a\nb' });
  assert.deepEqual(edits, [{ cell: 'c', line: '%%deepshi -t 0' }]);
});

test('orders are numbered from 0 on each link', async () => {
  const { link, kernel } = await opened();
  link.sendOrder({ cells: [], runs: [] });
  link.sendOrder({ cells: [], runs: ['c'] });
  assert.deepEqual(
    kernel.asked.map(({ seq }) => seq),
    [0, 1],
  );
  kernel.opens(READY, { v: 1 });
  await kernel.welcomes();
  link.sendOrder({ cells: [], runs: [] });
  assert.equal(kernel.asked.at(-1)?.['seq'], 0);
});

test('a Stop that is confirmed interrupts nothing', async () => {
  const { link, kernel, clock } = await opened();
  const stopped = link.stop({ turn: TURN });
  kernel.replies('stopping', { turn: TURN, found: true });
  assert.equal(await stopped, true);
  clock.pass(1000);
  assert.equal(kernel.interrupts, 0);
});

test('a Stop that is not confirmed in half a second interrupts the kernel', async () => {
  const { link, kernel, clock } = await opened();
  const stopped = link.stop({ cell: 'c' });
  clock.pass(499);
  await settled();
  assert.equal(kernel.interrupts, 0);
  clock.pass(1);
  assert.equal(await stopped, true);
  assert.equal(kernel.interrupts, 1);
});

test('a Stop without a link interrupts the kernel at once', async () => {
  const { link, kernel } = linked({ isWanted: false });
  await link.stop({ turn: TURN });
  assert.equal(kernel.interrupts, 1);
});

test('a disposed link leaves its kernel', async () => {
  const { link, kernel } = await opened();
  let told = 0;
  link.disposed.connect(() => told++);
  link.dispose();
  link.dispose();
  assert.equal(told, 1);
  assert.equal(kernel.targets.size, 0);
});
