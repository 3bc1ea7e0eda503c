/** Runs the tests with Node's own runner; esbuild makes JavaScript of them first. */

import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { buildSync } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const outdir = path.join(here, 'node_modules', '.cache', 'tests');

/** Tests whose path has one of the words given on the command line, else all of them. */
const wanted = process.argv.slice(2);
const tests = ['src', 'test']
  .flatMap((folder) =>
    readdirSync(path.join(here, folder), { recursive: true }).map((name) => `${folder}/${name}`),
  )
  .filter((name) => name.endsWith('.test.ts'))
  .filter((name) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
if (tests.length === 0) {
  console.error(`No test has ${wanted.join(' or ')} in its path.`);
  process.exit(1);
}

rmSync(outdir, { recursive: true, force: true });
buildSync({
  absWorkingDir: here,
  entryPoints: tests,
  outbase: here,
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
