import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import fc from 'fast-check';

import { magicLineOf, withOptions } from './first-line';
import {
  isUnread,
  NAMES,
  quoted,
  rewritten,
  valuesOf,
  type Value,
  type Values,
} from './magic-line';

interface Case {
  line: string;
  reads: Record<string, Value>;
  set?: Record<string, Value>;
  drop?: string[];
  rewritten: string;
}

const file = '../../tests/frontend/protocol/magic-lines.json';
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] };

function own(line: string): Values {
  const values = valuesOf(line);
  assert.ok(values !== null);
  return values;
}

/** A value as the file has it: of a `{{…}}` only what is written. */
function asRead(value: Value | undefined): Value | undefined {
  return isUnread(value) ? { written: value.written } : value;
}

for (const one of cases) {
  test(`${one.line} is read as the file says`, () => {
    const expected = Object.entries(one.reads).map(([name, value]) => [name, asRead(value)]);
    assert.deepEqual(own(one.line), Object.fromEntries(expected));
  });

  test(`${one.line} becomes ${one.rewritten}`, () => {
    const dropped = (one.drop ?? []).map((name) => [name, undefined]);
    const after = { ...own(one.line), ...one.set, ...(Object.fromEntries(dropped) as Values) };
    assert.equal(rewritten(one.line, own(one.line), after), one.rewritten);
  });
}

const pieces = fc.constantFrom(
  ...['-t 0.2', '-t0.5', '--temperature=1', '--temp {{t}}', '--top-p 0.5', '--seed=7', '-t null'],
  ...["--stop '.'", '--stop "a b"', '--stop {{texts}}', String.raw`--stop \{{`, '--stop=-x'],
  ...['-n 2', '--samples 3', '--param n=4', '--param stop=null', '--param top_k=40', '-m a'],
  ...['--max-tokens 5', '--param seed=1', '--presence-penalty -1.5', '--unknown 3', 'word'],
  ...['--once', '--json', '-o name', '--system "say -t 0.9"', '--chat {{name}}', '--raw'],
  ...[`--param 'logit_bias={"50": -100}'`, "--system {{'}} '}}", '-t', '--se'],
);
const lines = fc
  .tuple(fc.array(pieces, { maxLength: 6 }), fc.constantFrom(' ', '  ', '\t '))
  .map(([found, space]) => found.join(space));
const texts = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const numbers = fc.integer({ min: -200, max: 200 }).map((hundredths) => hundredths / 100);
const values = fc.record(
  {
    model: texts,
    temperature: fc.option(numbers),
    top_p: numbers,
    max_tokens: fc.option(fc.integer({ min: 1 })),
    frequency_penalty: numbers,
    presence_penalty: numbers,
    seed: fc.option(fc.integer()),
    stop: fc.option(fc.array(texts, { minLength: 1, maxLength: 4 })),
    n: fc.integer({ min: 1, max: 128 }),
  },
  { requiredKeys: [] },
);

/** Values without the marks of texts that do not print, which only the kernel reads. */
function plain(all: Values): Values {
  return JSON.parse(JSON.stringify(all)) as Values;
}

function hasUnprintable(all: Values): boolean {
  const found = [all['model'], ...(Array.isArray(all['stop']) ? all['stop'] : [])];
  return found.some((text) => typeof text === 'string' && quoted(text).startsWith('{{'));
}

test('a rewritten line is read as the values', () => {
  fc.assert(
    fc.property(lines, values, (line, after) => {
      fc.pre(!hasUnprintable(after));
      const line2 = rewritten(line, own(line), after);
      assert.deepEqual(plain(own(line2)), plain(after));
    }),
    { numRuns: 500 },
  );
});

test('the same values leave a line byte for byte', () => {
  fc.assert(
    fc.property(lines, (line) => {
      assert.equal(rewritten(line, own(line), own(line)), line);
    }),
  );
});

test('what has no control stays as it was typed, in its order', () => {
  const others = ['--json', '--system "say -t 0.9"', '--chat {{name}}', '-o name'];
  fc.assert(
    fc.property(lines, values, (line, after) => {
      const result = rewritten(line, own(line), after);
      const places = others.filter((one) => line.includes(one)).map((one) => result.indexOf(one));
      assert.ok(places.every((place) => place >= 0));
    }),
  );
});

test('any line is read without an error, and rewritten only where it can be read', () => {
  const parts = fc.constantFrom(...' \'"\\{}=-\tat0'.split(''), '--stop', '-t', '{{', '}}', '\\{{');
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 12 }), (found) => {
      const line = found.join('');
      const before = valuesOf(line);
      if (before !== null) {
        rewritten(line, before, { seed: 1 });
      }
    }),
    { numRuns: 2000 },
  );
});

test('a line whose quote is open says nothing', () => {
  assert.equal(valuesOf('-t 1 --system "Be brief'), null);
  assert.equal(valuesOf('-t 1 \\'), null);
});

test('an option that lacks its value takes none from the next one', () => {
  assert.deepEqual(own('-t --seed 1'), { temperature: { written: '' }, seed: 1 });
  assert.equal(rewritten('-t --seed 1', own('-t --seed 1'), { seed: 1 }), '--seed 1');
});

test('a line of a cell is found with its place', () => {
  const found = magicLineOf('\n  %%deepshi  -t 1\nHello');
  assert.ok(found !== null);
  assert.deepEqual(found, { from: 3, to: 18, name: '%%deepshi', space: '  ', options: '-t 1' });
  assert.equal(withOptions(found, '-t 2'), '%%deepshi  -t 2');
  assert.equal(withOptions(found, ''), '%%deepshi');
});

test('a cell of another magic has no such line', () => {
  for (const source of ['', 'x = 1', '%%deepshix', '%deepshi set', '%%time\n%%deepshi']) {
    assert.equal(magicLineOf(source), null);
  }
  assert.ok(magicLineOf('%%deepshi') !== null);
  assert.ok(magicLineOf('%%deepshi\nHello') !== null);
});

test('every parameter that has a control can be written', () => {
  const after = Object.fromEntries(NAMES.map((name) => [name, name === 'stop' ? ['x'] : 1]));
  const line = rewritten('', {}, { ...after, model: 'x' });
  assert.deepEqual(Object.keys(own(line)).sort(), [...NAMES].sort());
});
