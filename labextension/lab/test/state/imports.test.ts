import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const FOLDER = path.join('src', 'state');

for (const name of readdirSync(FOLDER)) {
  test(`${name} knows nothing of Jupyter`, () => {
    const source = readFileSync(path.join(FOLDER, name), 'utf8');
    const imported = [...source.matchAll(/ from '([^']*)'/g)].map(([, from = '']) => from);
    for (const from of imported) {
      assert.match(from, /^(\.\/[a-z-]+|@noble\/hashes\/.*)$/);
    }
  });
}
