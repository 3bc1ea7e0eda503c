/**
 * Builds the front end into the Python package, or with --check says whether what is there is current.
 *
 * The same sources give the same bytes on every machine: the lock file fixes every tool and library.
 * `built-from.json` names the hash of the sources, so that a test without Node can compare, too.
 */

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import * as esbuild from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const target = path.join(here, '..', 'deepshi_jupyter', 'panel', 'static');

/** What goes into the bundles beside `src/`. */
const RECIPE = ['build.mjs', 'package-lock.json', 'tsconfig.json'];

/** Each is one module that holds all it needs: a widget's page has no other files to load. */
const ENTRIES = { view: 'src/index.ts', panel: 'src/panel/index.ts', math: 'src/math/index.ts' };

async function bundle(name) {
  const result = await esbuild.build({
    absWorkingDir: here,
    entryPoints: [ENTRIES[name]],
    outfile: `${name}.js`,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    loader: { '.css': 'text' },
    plugins: [smallStyle],
    metafile: true,
    write: false,
  });
  return { code: result.outputFiles[0].text, inputs: Object.keys(result.metafile.inputs) };
}

/** Takes comments and white space out of the style, which goes into the bundle as text. */
const smallStyle = {
  name: 'small-style',
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async ({ path: file }) => {
      const rules = await readFile(file, 'utf8');
      const { code } = await esbuild.transform(rules, { loader: 'css', minify: true });
      return { contents: code.trim(), loader: 'text' };
    });
  },
};

/** The licences of the libraries in a bundle, which ask to be kept with it. */
async function licences(inputs) {
  const names = inputs.flatMap(
    (input) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? [],
  );
  const texts = [...new Set(names)].sort().map(async (name) => {
    const folder = path.join(here, 'node_modules', name);
    const { version } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
    const files = await readdir(folder);
    const file = files.find((each) => /^licen[cs]e/i.test(each));
    if (file === undefined) {
      throw new Error(`${name} has no licence file; see under which terms it may be shipped.`);
    }
    const text = await readFile(path.join(folder, file), 'utf8');
    return `${name} ${version}\n\n${text.replaceAll('\r\n', '\n').trim()}\n`;
  });
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`);
}

/** The hash of all that the bundles are made of; tests/frontend/test_built_view.py computes the same. */
async function sourcesHash() {
  const found = await readdir(path.join(here, 'src'), { recursive: true, withFileTypes: true });
  const sources = found
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(here, path.join(entry.parentPath, entry.name)));
  const hash = createHash('sha256');
  for (const name of [...sources, ...RECIPE].map((each) => each.replaceAll('\\', '/')).sort()) {
    const text = await readFile(path.join(here, name), 'utf8');
    hash.update(`${name}\n${text.replaceAll('\r\n', '\n')}\n`);
  }
  return hash.digest('hex');
}

function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}

async function build() {
  const files = {};
  for (const name of Object.keys(ENTRIES)) {
    const { code, inputs } = await bundle(name);
    files[`${name}.js`] = code;
    files[`${name}.licences.txt`] = await licences(inputs);
  }
  const hashes = Object.fromEntries(
    Object.entries(files).map(([name, text]) => [name, sha256(text)]),
  );
  const origin = { sources: await sourcesHash(), files: hashes };
  return { ...files, 'built-from.json': `${JSON.stringify(origin, null, 2)}\n` };
}

async function isCurrent(name, text) {
  const there = await readFile(path.join(target, name), 'utf8').catch(() => '');
  return there.replaceAll('\r\n', '\n') === text;
}

const built = await build();
if (process.argv.includes('--check')) {
  for (const [name, text] of Object.entries(built)) {
    if (!(await isCurrent(name, text))) {
      console.error(
        `deepshi_jupyter/panel/static/${name} is not what the sources give: npm run build`,
      );
      process.exitCode = 1;
    }
  }
} else {
  await mkdir(target, { recursive: true });
  for (const [name, text] of Object.entries(built)) {
    await writeFile(path.join(target, name), text);
    console.log(`${name}: ${(Buffer.byteLength(text) / 1000).toFixed(1)} kB`);
  }
}
