import assert from 'node:assert/strict';
import { test } from 'node:test';

import { canonicalJson, holdsLargeNumbers, NotJsonError } from '../../src/state/canonical-json';
import { optionsOf, readAskingCell } from '../../src/state/cell-source';
import type { JsonObject } from '../../src/state/json-value';
import { link, messageDigest, START } from '../../src/state/message-chain';
import { printable } from '../../src/state/printable-text';
import { textSha256 } from '../../src/state/text-hash';
import { estimateMessages, estimateTokens } from '../../src/state/tokens';
import { values } from './fixtures';

interface Canonical {
  json: string;
  canonical: string;
  is_rounded: boolean;
}

for (const { json, canonical, is_rounded: isRounded } of values(
  'canonical',
) as readonly Canonical[]) {
  test(`the canonical form of ${json}`, () => {
    const value: unknown = JSON.parse(json);
    if (isRounded) {
      assert.ok(holdsLargeNumbers(value)); // its digits are gone, and that is known
    } else {
      assert.equal(canonicalJson(value), canonical);
    }
  });
}

test('what is no JSON is refused', () => {
  for (const value of [NaN, Infinity, -Infinity, undefined, 1n, [undefined]]) {
    assert.throws(() => canonicalJson(value), NotJsonError);
  }
});

interface Message {
  message: JsonObject;
  digest: string;
  chain: string;
  tokens: number;
}

for (const { message, digest, chain, tokens } of values('messages') as readonly Message[]) {
  test(`the hash and the tokens of ${JSON.stringify(message).slice(0, 80)}`, () => {
    assert.equal(messageDigest(message), digest);
    assert.equal(link(START, messageDigest(message)), chain);
    assert.equal(estimateMessages([message]), tokens);
  });
}

for (const { line, options } of values('options') as readonly {
  line: string;
  options: string[];
}[]) {
  test(`the options of ${JSON.stringify(line)}`, () => {
    assert.deepEqual(optionsOf(line), options);
  });
}

for (const { source, asking } of values('cells') as readonly {
  source: string;
  asking: unknown;
}[]) {
  test(`what the cell ${JSON.stringify(source)} asks`, () => {
    const cell = readAskingCell(source);
    const found = cell && {
      line: cell.line,
      body: cell.body,
      options: cell.options,
      chat: cell.value('--chat'),
      sha256: cell.sourceSha256,
    };
    assert.deepEqual(found, asking);
  });
}

interface Text {
  text: string;
  tokens: number;
  sha256: string;
  printable: string;
}

for (const { text, tokens, sha256, printable: shown } of values('texts') as readonly Text[]) {
  test(`the text ${JSON.stringify(text.slice(0, 40))}`, () => {
    assert.equal(estimateTokens(text), tokens);
    assert.equal(textSha256(text), sha256);
    assert.equal(printable(text), shown);
  });
}
