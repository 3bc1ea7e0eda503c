import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { isObject, type Json } from '../src/json-shape';
import {
  isOfVersion,
  message,
  readLineEdit,
  readMessage,
  readStreamOpening,
  REPLY_TO,
  type RequestKind,
} from '../src/protocol';
import { textSha256 } from '../src/state/text-hash';

/** Files that the tests of the kernel's side read, too. */
const FILES = path.join('..', '..', 'tests', 'frontend', 'protocol');

interface Examples {
  kind: string | null;
  reply?: string | null;
  front_end?: Json[];
  kernel?: Json[];
  opens?: Json[];
  sources?: string[];
  unreadable: { kernel?: unknown[]; opens?: unknown[] };
}

const files = readdirSync(FILES).filter((name) => /^control-.*\.json$/.test(name));

function examples(name: string): Examples {
  return JSON.parse(readFileSync(path.join(FILES, name), 'utf8')) as Examples;
}

const READERS: Record<string, (data: unknown) => unknown> = {
  'control-ready.json': (data) => (isOfVersion(data) ? data : null),
  'control-stream.json': readStreamOpening,
  'control-edit.json': readLineEdit,
};

for (const name of files) {
  const {
    kind,
    reply,
    front_end: asked = [],
    kernel = [],
    opens = [],
    unreadable,
  } = examples(name);

  test(`what the kernel sends in ${name} is read`, () => {
    for (const data of kernel) {
      const received = readMessage(data);
      assert.ok(received !== null && received.kind === kind);
      assert.deepEqual('reply' in received ? received.reply : received.refusal, data);
    }
    for (const data of opens) {
      assert.notEqual(READERS[name]?.(data), null);
    }
  });

  test(`what cannot be read in ${name} is passed over`, () => {
    for (const data of unreadable.kernel ?? []) {
      assert.equal(readMessage(data), null, JSON.stringify(data));
    }
    for (const data of unreadable.opens ?? []) {
      assert.equal(READERS[name]?.(data), null, JSON.stringify(data));
    }
  });

  test(`the front end says what ${name} says`, () => {
    for (const data of asked) {
      const fields = Object.fromEntries(Object.entries(data).slice(2)); // after v and kind
      assert.deepEqual(message(kind as RequestKind, fields), data);
    }
    if (asked.length > 0) {
      assert.equal(Object.entries(REPLY_TO).find(([each]) => each === kind)?.[1] ?? null, reply);
    }
  });
}

test('there is a file for each kind', () => {
  const kinds = new Set(files.map((name) => examples(name).kind));
  for (const kind of [...Object.keys(REPLY_TO), ...Object.values(REPLY_TO), 'order', 'error']) {
    assert.ok(kinds.has(kind), kind);
  }
});

test('the hashes of an order are those of its sources', () => {
  const { sources = [], front_end: orders = [] } = examples('control-order.json');
  const hashes = new Set(sources.map(textSha256));
  for (const { cells } of orders) {
    for (const cell of Array.isArray(cells) ? cells : []) {
      assert.ok(isObject(cell) && hashes.has(String(cell['sha256'])));
    }
  }
});

test('no kind of JavaScript objects is taken for a kind of message', () => {
  assert.equal(readMessage({ v: 1, kind: 'constructor' }), null);
  assert.equal(readMessage({ v: 1, kind: '__proto__' }), null);
  assert.equal(readMessage(null), null);
});
