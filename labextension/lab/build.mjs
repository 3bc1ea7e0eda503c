/**
 * Builds the extension into the Python package, or with --check says whether what is there is current.
 *
 * Two steps: esbuild makes JavaScript modules of `src/` and of the view code in `../src/`, one file for
 * each part that is loaded by itself; JupyterLab's builder wraps them so that JupyterLab can load them.
 * The same sources give the same bytes on every machine: the lock file fixes every tool and library,
 * `host.json` says what JupyterLab brings, and no path of the machine gets into a file.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import * as esbuild from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const target = path.join(here, '..', '..', 'deepshi_jupyter', 'labextension');
const work = path.join(here, '.build', String(process.pid)); // two builds at once do not meet
const output = path.join(work, 'output');

/** Folders whose files go into the bundle, and the files beside them. Of `../src`, what is used. */
const SOURCES = ['src', 'schema'];
const RECIPE = [
  'build.mjs',
  'host.json',
  'install.json',
  'package.json',
  'package-lock.json',
  'rspack.config.cjs',
  'tsconfig.json',
];

/** So many bytes JupyterLab may load before anything of the extension is used. */
const MOST_AT_START = 60_000;

/** Takes comments and white space out of the styles, which go into the bundle as text. */
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

/** Make the modules; return the names of the files of the view code in them. */
async function modules() {
  const { metafile } = await esbuild.build({
    absWorkingDir: here,
    entryPoints: ['src/index.ts'],
    outdir: path.join(work, 'lib'),
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    plugins: [smallStyle],
    metafile: true,
    logLevel: 'warning',
  });
  const names = Object.keys(metafile.inputs);
  return names.filter((name) => name.startsWith('../src/')).sort();
}

/** What JupyterLab's builder reads: the package with its output beside it. */
async function writePackage() {
  const described = JSON.parse(await readFile(path.join(here, 'package.json'), 'utf8'));
  const { name, version, description, keywords, license, dependencies, jupyterlab } = described;
  const shipped = { name, version, description, keywords, license, main: 'lib/index.js' };
  const lab = { ...jupyterlab, outputDir: 'output', webpackConfig: 'rspack.config.cjs' };
  const text = JSON.stringify({ ...shipped, dependencies, jupyterlab: lab }, null, 2);
  await writeFile(path.join(work, 'package.json'), `${text}\n`);
  await cp(path.join(here, 'rspack.config.cjs'), path.join(work, 'rspack.config.cjs'));
  await cp(path.join(here, 'schema'), path.join(work, 'schema'), { recursive: true });
}

function wrap() {
  const builder = path.join(here, 'node_modules/@jupyter/builder/lib/build-labextension.js');
  const core = path.join(here, 'host.json');
  const run = spawnSync(process.execPath, [builder, '--core-package-file', core, work], {
    cwd: work,
    encoding: 'utf8',
  });
  if (run.status !== 0) {
    throw new Error(`JupyterLab's builder failed.\n${run.stdout}${run.stderr}`);
  }
}

/** The files below a folder, by their names with slashes, in order. */
async function filesIn(folder) {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .map((name) => name.replaceAll('\\', '/'))
    .sort();
}

/** The hash of all that the bundle is made of; tests/frontend/ computes the same without Node. */
async function sourcesHash(view) {
  const names = [...RECIPE, ...view];
  for (const folder of SOURCES) {
    names.push(...(await filesIn(path.join(here, folder))).map((name) => `${folder}/${name}`));
  }
  const hash = createHash('sha256');
  for (const name of names.filter((each) => !/\.test\.ts$/.test(each)).sort()) {
    const text = await readFile(path.join(here, name), 'utf8');
    hash.update(`${name}\n${text.replaceAll('\r\n', '\n')}\n`);
  }
  return hash.digest('hex');
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

async function build() {
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  const view = await modules();
  await writePackage();
  wrap();
  await cp(path.join(here, 'install.json'), path.join(output, 'install.json'));
  const built = new Map();
  for (const name of await filesIn(output)) {
    built.set(name, await readFile(path.join(output, name)));
  }
  const files = Object.fromEntries([...built].map(([name, bytes]) => [name, sha256(bytes)]));
  const origin = { sources: await sourcesHash(view), view, files };
  return built.set('built-from.json', Buffer.from(`${JSON.stringify(origin, null, 2)}\n`));
}

/** Names of files that are not what the sources give: missing, other, or too many. */
async function differing(built) {
  const there = await filesIn(target).catch(() => []);
  const wrong = there.filter((name) => !built.has(name));
  for (const [name, bytes] of built) {
    const found = await readFile(path.join(target, name)).catch(() => null);
    if (found === null || !found.equals(bytes)) {
      wrong.push(name);
    }
  }
  return wrong;
}

/** The bytes that JupyterLab loads at its start: the entry, and the parts that the plugins stand in. */
function bytesAtStart(built) {
  const names = [...built.keys()];
  const entry = names.find((name) => /^static\/remoteEntry\./.test(name));
  const text = built.get(entry).toString();
  const [loading] = /"\.\/extension":\(\)=>.*?\.then\(/.exec(text) ?? [];
  const parts = [...(loading ?? '').matchAll(/\.e\("?([\w-]+)"?\)/g)].map(([, part]) => part);
  if (parts.length === 0) {
    throw new Error(
      `${entry} does not say what it loads: see what JupyterLab's builder has changed.`,
    );
  }
  const files = parts.map((part) => names.find((name) => name.startsWith(`static/${part}.`)));
  return [entry, ...files].reduce((sum, name) => sum + built.get(name).length, 0);
}

async function put(built) {
  await rm(target, { recursive: true, force: true });
  for (const [name, bytes] of built) {
    await mkdir(path.dirname(path.join(target, name)), { recursive: true });
    await writeFile(path.join(target, name), bytes);
    console.log(`${name}: ${(bytes.length / 1000).toFixed(1)} kB`);
  }
}

const built = await build();
const atStart = bytesAtStart(built);
console.log(`JupyterLab loads ${(atStart / 1000).toFixed(1)} kB at its start.`);
if (atStart > MOST_AT_START) {
  console.error(
    `That is more than ${MOST_AT_START / 1000} kB: import what is large when it is used.`,
  );
  process.exitCode = 1;
}
if (process.argv.includes('--check')) {
  for (const name of await differing(built)) {
    console.error(
      `deepshi_jupyter/labextension/${name} is not what the sources give: npm run build`,
    );
    process.exitCode = 1;
  }
} else {
  await put(built);
}
await rm(work, { recursive: true, force: true });
