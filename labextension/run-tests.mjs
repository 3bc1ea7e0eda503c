/** Runs the tests with Node's own runner; esbuild makes JavaScript of them first. */

import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { buildSync } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const outdir = path.join(here, 'node_modules', '.cache', 'tests');
const tests = readdirSync(path.join(here, 'test')).filter((name) => name.endsWith('.test.ts'));

rmSync(outdir, { recursive: true, force: true });
buildSync({
  absWorkingDir: here,
  entryPoints: tests.map((name) => `test/${name}`),
  outdir,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  sourcemap: 'inline',
  loader: { '.css': 'text' },
  logLevel: 'warning',
});
const files = tests.map((name) => path.join(outdir, name.replace(/ts$/, 'mjs')));
const run = spawnSync(
  process.execPath,
  ['--enable-source-maps', '--test', '--test-reporter=dot', ...files],
  { cwd: here, stdio: 'inherit' },
);
process.exit(run.status ?? 1);
