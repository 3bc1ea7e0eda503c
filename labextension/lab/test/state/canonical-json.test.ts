import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { canonicalJson } from '../../src/state/canonical-json';
import { isObject } from '../../src/state/json-value';

/** Return a value with the keys of each object the other way round. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(turned);
  }
  return isObject(value)
    ? Object.fromEntries(
        Object.entries(value)
          .map(([name, item]) => [name, turned(item)])
          .reverse(),
      )
    : value;
}

test('a way through JSON changes nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      assert.equal(canonicalJson(JSON.parse(text)), text);
      assert.equal(canonicalJson(JSON.parse(JSON.stringify(value))), text);
    }),
  );
});

test('the order of keys makes no difference', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.equal(canonicalJson(turned(value)), canonicalJson(value));
    }),
  );
});
