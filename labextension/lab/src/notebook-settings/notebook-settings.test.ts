import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NOTHING_SET, readParameters, readSettings, withSettings } from './notebook-settings';

const SOME = { model: 'm', system: 'Be brief.', mode: 'auto', parameters: { temperature: 0 } };

test('what is kept is read again', () => {
  assert.deepEqual(readSettings(withSettings(undefined, SOME)), SOME);
  assert.deepEqual(readSettings(undefined), NOTHING_SET);
});

test('what is not set is not kept', () => {
  const model = { ...NOTHING_SET, model: 'm', system: '' };
  assert.deepEqual(withSettings(undefined, model), { model: 'm' });
  assert.equal(withSettings(SOME, NOTHING_SET), null);
});

test('fields of a later version stay', () => {
  assert.deepEqual(withSettings({ ...SOME, later: [1] }, NOTHING_SET), { later: [1] });
});

test('metadata of another form count as not set', () => {
  for (const value of [null, 3, 'text', [], { model: 3, parameters: [1] }]) {
    assert.deepEqual(readSettings(value), NOTHING_SET);
  }
});

test('parameters are a JSON object or a problem', () => {
  assert.deepEqual(readParameters(' '), {});
  assert.deepEqual(readParameters('{"seed": 7}'), { seed: 7 });
  for (const text of ['{', '[1]', '3', 'null']) {
    assert.ok('todo' in readParameters(text), text);
  }
});
