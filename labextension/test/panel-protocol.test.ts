import './page';

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { readMessage } from '../src/panel/messages';
import { PanelKernel } from './panel-kernel';

/** Files that the kernel's side of the panel is tested against, too. */
const FILES = path.join('..', 'tests', 'frontend', 'protocol');

type Fields = Record<string, unknown>;

interface Kind {
  kind: string;
  page: Fields[];
  kernel: Fields[];
}

const kinds = readdirSync(FILES)
  .filter((name) => name.startsWith('panel-') && name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(path.join(FILES, name), 'utf8')) as Kind);

const fromKernel = kinds.flatMap(({ kernel }) => kernel);

test('there are files to read', () => {
  assert.ok(kinds.length >= 20);
});

test('every message of the kernel is read as what it is', () => {
  for (const message of fromKernel) {
    assert.equal(readMessage(message)?.kind, message['kind']);
  }
});

test('no field of the messages of the kernel is lost', () => {
  for (const message of fromKernel.filter(({ kind }) => kind !== 'begin')) {
    const read = JSON.stringify(readMessage(message));
    for (const text of textsIn(message)) {
      assert.ok(
        read.includes(JSON.stringify(text).slice(1, -1)),
        `${String(message['kind'])}: ${text}`,
      );
    }
  }
});

test('a panel takes all of them, in any order', () => {
  for (const messages of [fromKernel, fromKernel.toReversed()]) {
    const kernel = new PanelKernel();
    for (const message of messages) {
      kernel.sayRaw(message);
    }
    kernel.clock.pass(500);
    assert.ok(kernel.panel.node.classList.contains('deepshi-live'));
  }
});

test('what the panel says has the fields that the kernel expects', () => {
  const kernel = new PanelKernel();
  for (const message of fromKernel) {
    kernel.sayRaw(message);
  }
  kernel.show([{ id: 'a', branches: ['a', 'b'], text: '$x$' }]);
  for (const label of ['Next branch', 'Edit']) {
    kernel.button(label).click();
  }
  kernel.write('{{x}}');
  kernel.clock.pass(500);
  for (const label of [
    'Insert',
    'The answer as a cell',
    'Export',
    'Markdown',
    'Refresh the list',
  ]) {
    kernel.button(label).click();
  }
  const ask = kernel.ask('Why?');
  const call = { id: 'c', name: 'f', arguments: '{}', state: 'asking' };
  kernel.say({ kind: 'tool', ask, call });
  kernel.button('Refuse').click();
  kernel.say({ kind: 'delta', ask, data: { v: 1, seq: 4, kind: 'text', text: 'x', offset: 9 } });
  kernel.button('Stop').click();
  kernel.say({ kind: 'ended', ask, turn: null, error: null });
  kernel.button('Regenerate').click();
  const field = kernel.all('.deepshi-parameter .deepshi-field')[0] as HTMLTextAreaElement;
  field.value = 'Be long.';
  field.dispatchEvent(new Event('change'));
  const said = new Map(kernel.sent.map((message) => [String(message['kind']), message]));
  for (const { kind, page } of kinds.filter(
    (each) => each.page.length > 0 && each.kind !== 'ping',
  )) {
    const message = said.get(kind);
    assert.ok(message !== undefined, `nothing of the kind ${kind} was said`);
    assert.deepEqual(Object.keys(message).sort(), Object.keys(page[0] ?? {}).sort(), kind);
  }
});

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') {
    return [value];
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
