import './page';

import assert from 'node:assert/strict';
import { test } from 'node:test';

import payloads from './payloads.json';
import { PanelKernel, SETTINGS } from './panel-kernel';

function live(): PanelKernel {
  const kernel = new PanelKernel();
  kernel.say(SETTINGS);
  return kernel;
}

const delta = (seq: number, text: string, offset: number): Record<string, unknown> => ({
  v: 1,
  seq,
  kind: 'text',
  text,
  offset,
});

test('a panel says hello, and lives when it is answered', () => {
  const kernel = new PanelKernel();
  assert.deepEqual(kernel.sent, [{ v: 1, kind: 'hello' }]);
  assert.equal(kernel.panel.node.className, 'deepshi-panel');
  assert.equal(kernel.button('Send').disabled, true);
  kernel.say(SETTINGS);
  assert.ok(kernel.panel.node.classList.contains('deepshi-live'));
  assert.equal(kernel.text('.deepshi-foot'), '2 calls · $0.01');
});

test('every message of the page has a version and a kind', () => {
  const kernel = live();
  kernel.show([{ id: 'a', branches: ['a', 'b'] }]);
  for (const label of ['Next branch', 'Regenerate', 'Stop', 'Refresh the list']) {
    kernel.button(label).click();
  }
  const kinds = kernel.sent.map(({ v, kind }) => [v, kind]);
  assert.deepEqual(
    kinds,
    ['hello', 'branch', 'regenerate', 'stop', 'models'].map((kind) => [1, kind]),
  );
});

test('turns are drawn by id and revision, and what has not changed is not touched', () => {
  const kernel = live();
  kernel.show([
    { id: 'a', text: 'One.' },
    { id: 'b', text: 'Two.' },
  ]);
  const [first, second] = kernel.all('.deepshi-turn');
  kernel.show([{ id: 'a', rev: 2, text: 'Changed.' }], ['a', 'b', 'missing']);
  const [changed, same] = kernel.all('.deepshi-turn');
  assert.notEqual(changed, first);
  assert.equal(same, second);
  assert.equal(kernel.text('.deepshi-answer'), 'Changed.');
  kernel.show([], ['b']);
  assert.deepEqual(
    kernel.all('.deepshi-answer').map((e) => e.textContent),
    ['Two.'],
  );
});

test('many turns are drawn in slices, the newest first', () => {
  const kernel = live();
  kernel.show(Array.from({ length: 100 }, (_, number) => ({ id: `t${number}` })));
  const drawn = (): number[] =>
    kernel.all('.deepshi-slot').flatMap((slot, at) => (slot.hasChildNodes() ? [at] : []));
  assert.equal(kernel.all('.deepshi-slot').length, 100);
  assert.deepEqual(drawn(), [92, 93, 94, 95, 96, 97, 98, 99]);
  kernel.clock.pass(1);
  assert.equal(drawn().length, 100);
});

test('everything of a turn is shown', () => {
  const kernel = live();
  const call = { id: 'c', name: 'rows', arguments: '{}', state: 'done', seconds: 1 };
  kernel.show([
    {
      id: 'a',
      reasoning: 'Hm.',
      reasoning_seconds: 2.25,
      tools: [call],
      pictures: [{ address: 'data:image/png;base64,AAAA', words: 'a plot' }],
      notices: ['Cut.'],
      stale: 'Stale.',
      footer: 'm-1',
      partial: true,
    },
  ]);
  assert.equal(kernel.text('.deepshi-reasoning summary'), 'Reasoning · 2.3 s');
  assert.equal(kernel.text('.deepshi-tool summary'), '🔧 rows({}) · 1.0 s');
  assert.equal(kernel.all('img')[0]?.getAttribute('alt'), 'a plot');
  assert.deepEqual(
    kernel.all('.deepshi-notices li').map((e) => e.textContent),
    ['Stale.', 'Cut.'],
  );
  assert.equal(kernel.text('.deepshi-footer'), 'not whole · m-1');
});

test('further samples are pages, and a page stays when its turn changes', () => {
  const kernel = live();
  const turn = { id: 'a', text: 'First.', others: ['Second.', 'Third.'] };
  kernel.show([turn]);
  kernel.button('Next answer').click();
  assert.equal(kernel.text('.deepshi-answer'), 'Second.');
  kernel.show([{ ...turn, rev: 2 }]);
  assert.equal(kernel.text('.deepshi-answer'), 'Second.');
  assert.equal(kernel.text('.deepshi-samples .deepshi-pager'), '◀2/3▶');
});

test('a branch asks for the other one', () => {
  const kernel = live();
  kernel.show([{ id: 'b', branches: ['a', 'b', 'c'] }]);
  assert.equal(kernel.text('.deepshi-pager'), '◀2/3▶');
  kernel.button('Previous branch').click();
  assert.deepEqual(kernel.last('branch'), { v: 1, kind: 'branch', turn: 'b', to: 'a' });
});

test('an answer is told of twice, and its turn takes its place', () => {
  const kernel = live();
  const said = (): string => kernel.text('[role=status]');
  const ask = kernel.ask('Why?');
  kernel.say({ kind: 'begin', ask, question: 'Why, filled in?', instead_of: null });
  assert.equal(said(), 'The answer begins.');
  assert.equal(kernel.text('.deepshi-question'), 'Why, filled in?');
  kernel.say({ kind: 'delta', ask, data: delta(0, 'Be', 0) });
  kernel.say({ kind: 'tool', ask, call: { id: 'c', name: 'f', arguments: '', state: 'asking' } });
  kernel.button('Always allow').click();
  assert.deepEqual(kernel.last('decide'), {
    ...{ v: 1, kind: 'decide', ask, call: 'c', decision: 'always' },
  });
  assert.equal(said(), 'The answer begins.');
  kernel.show([{ id: 'a' }]);
  kernel.say({ kind: 'ended', ask, turn: 'a', error: null });
  assert.equal(said(), 'The answer is complete.');
  assert.equal(kernel.all('.deepshi-slot').length, 1);
  assert.equal(kernel.button('Send').textContent, 'Send');
});

test('a gap asks for a snapshot once, and a snapshot fills it', () => {
  const kernel = live();
  const ask = kernel.ask('Why?');
  kernel.say({ kind: 'delta', ask, data: delta(1, 'b', 1) });
  kernel.say({ kind: 'delta', ask, data: delta(2, 'c', 2) });
  assert.deepEqual(kernel.sentOf('snapshot'), [{ v: 1, kind: 'snapshot', ask }]);
  kernel.say({ kind: 'snapshot', ask, seq: 2, text: 'ab', reasoning: '' });
  kernel.clock.pass(200);
  assert.equal(kernel.text('.deepshi-live-answer .deepshi-answer'), 'abc');
});

test('a snapshot of an answer that was under way needs no gap, and counts once', () => {
  const kernel = live();
  kernel.say({ kind: 'begin', ask: 'x', question: 'Why?', instead_of: null });
  const snapshot = { kind: 'snapshot', ask: 'x', seq: 3, text: 'abc', reasoning: '' };
  kernel.say(snapshot);
  kernel.say(snapshot);
  kernel.say({ kind: 'delta', ask: 'x', data: delta(2, 'c', 2) });
  kernel.say({ kind: 'delta', ask: 'x', data: delta(3, 'd', 3) });
  kernel.clock.pass(200);
  assert.equal(kernel.text('.deepshi-live-answer .deepshi-answer'), 'abcd');
});

test('a question that failed goes back to the composer with all that belongs to it', () => {
  const kernel = live();
  kernel.show([{ id: 'a', question: 'Old' }]);
  kernel.button('Edit').click();
  const ask = kernel.ask('New');
  assert.equal(kernel.last('ask')['instead_of'], 'a');
  assert.equal(kernel.all('.deepshi-slot').length, 1); // the old turn is hidden meanwhile
  assert.equal(kernel.text('.deepshi-question'), 'New');
  const error = { what: 'No credit.', todo: 'Pay.' };
  kernel.say({ kind: 'ended', ask, turn: null, error });
  assert.equal(kernel.text('[role=alert]'), 'No credit.Pay.Dismiss');
  assert.equal(kernel.field.value, 'New');
  assert.equal(kernel.text('.deepshi-question'), 'Old');
  kernel.ask('New');
  assert.equal(kernel.last('ask')['instead_of'], 'a');
});

test('a failed answer that has a turn leaves the composer alone', () => {
  const kernel = live();
  const ask = kernel.ask('Why?');
  kernel.show([{ id: 'a', partial: true }]);
  kernel.say({ kind: 'ended', ask, turn: 'a', error: { what: 'Cut.', todo: '' } });
  assert.equal(kernel.field.value, '');
  assert.equal(kernel.text('[role=alert] strong'), 'Cut.');
  assert.equal(kernel.text('[role=status]'), 'The answer is not whole.');
});

test('an answer that was stopped is not called complete', () => {
  const kernel = live();
  const ask = kernel.ask('Why?');
  kernel.press('Escape');
  assert.deepEqual(kernel.last('stop'), { v: 1, kind: 'stop', ask });
  kernel.show([{ id: 'a', partial: true }]);
  kernel.say({ kind: 'ended', ask, turn: 'a', error: null });
  assert.equal(kernel.text('[role=status]'), 'The answer was stopped.');
});

test('keys that an input method uses do nothing', () => {
  const kernel = live();
  kernel.write('かな');
  kernel.press('Enter', { isComposing: true });
  kernel.press('Enter', { keyCode: 229 });
  kernel.press('Enter', { shiftKey: true });
  assert.equal(kernel.sentOf('ask').length, 0);
  kernel.press('Enter');
  assert.equal(kernel.sentOf('ask').length, 1);
});

test('an empty question is not sent, and none while an answer runs', () => {
  const kernel = live();
  kernel.ask('  \n ');
  assert.equal(kernel.sentOf('ask').length, 0);
  kernel.ask('One');
  kernel.ask('Two');
  assert.equal(kernel.sentOf('ask').length, 1);
  assert.equal(kernel.field.value, 'Two');
});

test('names are looked up after a pause, and late replies are passed over', () => {
  const kernel = live();
  kernel.write('{{a');
  kernel.write('{{a}}');
  kernel.clock.pass(300);
  assert.equal(kernel.sentOf('preview').length, 0);
  kernel.clock.pass(200);
  const { id, evaluate } = kernel.last('preview');
  assert.equal(evaluate, false);
  kernel.write('{{b}}');
  const values = [{ expression: 'a', text: '1', note: 'int' }];
  kernel.say({ kind: 'preview', id, values, error: null });
  assert.equal(kernel.text('.deepshi-preview'), '');
  kernel.button('Preview values').click();
  kernel.say({
    kind: 'preview',
    id: kernel.last('preview')['id'],
    values: [],
    error: { what: 'No b.', todo: 'Define b.' },
  });
  assert.equal(kernel.text('.deepshi-preview'), 'No b. Define b.');
});

test('a model is shown with what it can do and costs', () => {
  const kernel = live();
  const models = [
    ...[{ id: 'm-1', name: '', context: 128000, price_in: 0.05, price_out: 1.5, features: ['x'] }],
    ...[{ id: 'm-2', name: 'Two', context: null, price_in: 0, price_out: 0, features: [] }],
  ];
  kernel.say({ kind: 'models', models, error: '' });
  assert.equal(
    kernel.text('.deepshi-model > .deepshi-facts'),
    '128k context · $0.05 in, $1.50 out per million tokens · x',
  );
  kernel.all('[role=option]')[1]?.click();
  assert.deepEqual(kernel.last('set'), { v: 1, kind: 'set', name: 'model', value: 'm-2' });
  kernel.say({ kind: 'models', models: [], error: 'The service has no catalogue.' });
  assert.ok(kernel.text('.deepshi-popup').includes('The service has no catalogue.'));
});

test('a field that somebody writes in stays when another setting changes', () => {
  const kernel = live();
  const parameter = { name: 'seed', label: 'Seed', kind: 'number', integer: true, value: null };
  kernel.say({ ...SETTINGS, parameters: [parameter] });
  const field = kernel.all('.deepshi-parameter input')[0] as HTMLInputElement;
  field.value = '4';
  kernel.say({ ...SETTINGS, model: 'm-2', parameters: [parameter] });
  assert.equal(kernel.all('.deepshi-parameter input')[0], field);
  assert.equal(field.value, '4');
  field.dispatchEvent(new Event('change'));
  assert.deepEqual(kernel.last('set'), { v: 1, kind: 'set', name: 'seed', value: 4 });
});

test('a kernel that is gone leaves what is there, and what cannot be done is off', () => {
  const kernel = live();
  kernel.show([{ id: 'a', text: 'Readable.' }]);
  const ask = kernel.ask('Why?');
  kernel.say({ kind: 'delta', ask, data: delta(0, 'Half', 0) });
  kernel.close();
  assert.equal(
    kernel.text('.deepshi-lost'),
    'The kernel was restarted: run this cell again to go on.',
  );
  assert.ok(!kernel.panel.node.classList.contains('deepshi-live'));
  assert.equal(kernel.text('.deepshi-answer'), 'Readable.');
  assert.equal(kernel.text('.deepshi-live-answer .deepshi-answer'), 'Half');
  assert.ok(kernel.text('.deepshi-live-answer .deepshi-notices').startsWith('The kernel is gone'));
  assert.equal(kernel.field.readOnly, true);
  assert.equal(kernel.button('Regenerate').disabled, true);
  assert.equal(kernel.button('Copy').disabled, false);
  const count = kernel.sent.length;
  kernel.ask('Still there?');
  assert.equal(kernel.sent.length, count);
});

test('a message after the end brings the panel back, and it asks for everything again', () => {
  const kernel = live();
  kernel.ask('Why?');
  kernel.close();
  kernel.say({ kind: 'pong', id: 'x' });
  assert.equal(kernel.sentOf('hello').length, 2);
  assert.equal(kernel.all('.deepshi-live-answer').length, 0);
  assert.equal(kernel.all('.deepshi-lost')[0]?.hidden, true);
});

test('a link that cannot send is a kernel that is gone', () => {
  const kernel = live();
  kernel.isBroken = true;
  kernel.ask('Why?');
  assert.ok(kernel.text('.deepshi-lost').startsWith('The kernel was restarted'));
});

test('a kernel that says nothing is spoken of, and is not called gone', () => {
  const kernel = live();
  kernel.ask('Why?');
  kernel.clock.pass(9_000);
  assert.equal(kernel.all('.deepshi-lost')[0]?.hidden, true);
  kernel.clock.pass(2_000);
  assert.ok(kernel.text('.deepshi-lost').startsWith('The kernel has not answered for 10 seconds'));
  assert.equal(kernel.button('Stop').disabled, false);
});

test('what cannot be read changes nothing', () => {
  const kernel = live();
  kernel.show([{ id: 'a' }]);
  for (const data of [
    ...[null, 1, 'x', [], {}, { v: 2, kind: 'turns' }],
    ...[{ v: 1 }, { v: 1, kind: 'later' }, { v: 1, kind: 'constructor' }, { v: 1, kind: 'models' }],
    ...[
      { v: 1, kind: 'delta', ask: 'nobody' },
      { v: 1, kind: 'ended' },
      { v: 1, kind: 'tool' },
    ],
    { v: 1, kind: 'preview', values: [null, 3], error: 'x' },
  ]) {
    kernel.sayRaw(data);
  }
  assert.equal(kernel.text('.deepshi-answer'), 'Because.');
  assert.ok(kernel.text('[role=alert]').includes('speaks version'));
});

test('mathematics is asked for once, shows its source until it comes, and is drawn again', async () => {
  const mathNode = (source: string): Element => {
    const made = document.createElement('b');
    made.textContent = `<${source}>`;
    return made;
  };
  const kernel = new PanelKernel(() => Promise.resolve({ mathNode, style: '' }));
  kernel.show([{ id: 'a', text: 'So $x$ and $y$.' }]);
  assert.deepEqual(kernel.sentOf('math'), [{ v: 1, kind: 'math' }]);
  assert.equal(kernel.text('.deepshi-answer'), 'So x and y.');
  kernel.say({ kind: 'math', source: '…' });
  await new Promise(setImmediate);
  assert.equal(kernel.text('.deepshi-answer'), 'So <x> and <y>.');
  kernel.show([{ id: 'b', text: '$z$' }]);
  assert.equal(kernel.text('.deepshi-answer'), '<z>');
});

test('mathematics that does not come stays its source', async () => {
  const kernel = new PanelKernel(() => Promise.reject(new Error('no module')));
  kernel.show([{ id: 'a', text: '$x$' }]);
  kernel.say({ kind: 'math', source: '' });
  await new Promise(setImmediate);
  kernel.show([{ id: 'b', text: '$y$' }]);
  assert.equal(kernel.text('.deepshi-answer'), 'y');
  assert.equal(kernel.sentOf('math').length, 1);
});

test('nothing of a message becomes an element that the panel did not mean', () => {
  const kernel = live();
  const kinds = (): Set<string> => new Set(kernel.all('*').map((e) => e.localName));
  for (const text of Object.values(payloads)) {
    const error = { what: text, todo: text };
    kernel.say({ ...SETTINGS, model: text, chat: text, mode: text, spent: text });
    kernel.say({
      kind: 'models',
      models: [{ id: text, name: text, features: [text] }],
      error: text,
    });
    kernel.say({ kind: 'begin', ask: 'x', question: text, instead_of: null });
    kernel.say({ kind: 'ended', ask: 'x', turn: null, error });
    kernel.say({ kind: 'inserted', turn: text, what: text, note: text });
    kernel.show([{ id: text, question: text, footer: text, stale: text, notices: [text] }]);
  }
  const strange = ['script', 'img', 'iframe', 'object', 'embed', 'style', 'svg', 'math', 'video'];
  assert.deepEqual(
    strange.filter((name) => kinds().has(name)),
    [],
  );
});

test('a panel that is let go of hears and says nothing more', () => {
  const kernel = live();
  kernel.ask('Why?');
  kernel.panel.dispose();
  const count = kernel.sent.length;
  kernel.clock.pass(60_000);
  kernel.show([{ id: 'a' }]);
  assert.equal(kernel.sent.length, count);
  assert.equal(kernel.all('.deepshi-turn').length, 0);
});

test('a cell is inserted by a front end that can, and else is there to be copied', () => {
  const kernel = live();
  const inserted = { kind: 'inserted', turn: 'a', what: 'code', note: 'Read it.', source: 'x = 1' };
  const cells = [{ cell_type: 'code', source: 'x = 1' }];
  kernel.say({ ...inserted, cells });
  assert.ok(kernel.text('.deepshi-said').startsWith('This page cannot insert cells'));
  assert.equal(kernel.all('.deepshi-said button').length, 1);
  const details: unknown[] = [];
  kernel.panel.node.addEventListener('deepshi-insert', (event) => {
    details.push((event as CustomEvent).detail);
    event.preventDefault();
  });
  kernel.say({ ...inserted, cells });
  assert.deepEqual(details, [{ turn: 'a', what: 'code', cells }]);
  assert.equal(kernel.text('.deepshi-said'), 'Read it.');
});
