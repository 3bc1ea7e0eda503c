/**
 * The source of a `%%deepshi` cell → its options in one form, and its question.
 *
 * The twin of `deepshi_jupyter/core/cell_source.py`: long names in alphabetical order, numbers as
 * JSON has them; options that do not take part in the request are left out.
 */

import { canonicalJson } from './canonical-json';
import { OpenQuoteError, shellWords } from './shell-words';
import { textSha256 } from './text-hash';
import { SPACES, stripped, withoutLeading } from './white-space';

export const MAGIC = '%%deepshi';

const SHORT = new Map([
  ['-m', '--model'],
  ['-t', '--temperature'],
  ['-n', '--n'],
  ['--samples', '--n'],
  ['-o', '--output'],
]);
const FLAGS = new Set(['--json', '--raw', '--new', '--once', '--logprobs']);
const NOT_ASKED = new Set(['--output', '--as', '--mode', '--record', '--recording']);
const NOT_ASKED_FLAGS = new Set(['--no-stream', '--dry-run', '--yes', '--sliders']);
const VALUED = [
  ...['--model', '--system', '--param', '--attach', '--schema', '--repair', '--tools', '--n'],
  ...['--vary', '--map', '--budget'],
  ...['--chat', '--from', '--temperature', '--top-p', '--max-tokens', '--stop', '--seed'],
  ...['--frequency-penalty', '--presence-penalty', '--top-logprobs'],
];
const ALL = new Set([...FLAGS, ...NOT_ASKED_FLAGS, ...NOT_ASKED, ...VALUED, ...SHORT.keys()]);
/** What makes a cell one of which no turn comes. */
const NO_TURN = new RegExp(`(?:^|[\\n${SPACES}])--(?:dry-run|map)(?=[\\n${SPACES}=]|$)`);
const NUMBER = /^-?(0|[1-9][0-9]{0,99})(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;

/** What a `%%deepshi` cell asks. */
export class AskingCell {
  #sha256: string | null = null;

  constructor(
    /** The rest of its first line, as written. */
    readonly line: string,
    /** Everything below, as written. */
    readonly body: string,
    /** The options that take part in the request, in one form. */
    readonly options: readonly string[],
  ) {}

  /** The hash of its body. */
  get sourceSha256(): string {
    this.#sha256 ??= textSha256(this.body);
    return this.#sha256;
  }

  /** Return the last value of an option such as `--chat`, or null. */
  value(option: string): string | null {
    return this.#pairs().findLast(([name]) => name === option)?.[1] ?? null;
  }

  /** Whether an option without a value, such as `--new`, is given. */
  has(flag: string): boolean {
    return this.#pairs().some(([name, value]) => name === flag && value === null);
  }

  #pairs(): [string, string | null][] {
    const pairs: [string, string | null][] = [];
    const rest = this.options.values();
    for (const name of rest) {
      const value = FLAGS.has(name) ? null : (rest.next().value ?? null);
      pairs.push([name, value]);
    }
    return pairs;
  }
}

/** Return what a cell asks; null if it is no `%%deepshi` cell, or no turn comes of it. */
export function readAskingCell(source: string): AskingCell | null {
  const [first, body] = partition(withoutLeading(source), '\n');
  const [name, line] = partition(first, ' ');
  if (stripped(name) !== MAGIC || NO_TURN.test(line)) {
    return null;
  }
  return new AskingCell(stripped(line), body, optionsOf(line));
}

/** Return the options of a `%%deepshi` line that take part in the request, in one form. */
export function optionsOf(line: string): string[] {
  try {
    return inOneForm(shellWords(line));
  } catch (error) {
    if (error instanceof OpenQuoteError) {
      return [line];
    }
    throw error;
  }
}

function inOneForm(found: readonly string[]): string[] {
  const pairs: string[][] = [];
  const rest = found.values();
  for (const word of rest) {
    const [name, value] = longName(word);
    const isFlag = FLAGS.has(name) || NOT_ASKED_FLAGS.has(name);
    pairs.push(isFlag ? [name] : [name, valueInOneForm(value ?? rest.next().value ?? '')]);
  }
  return pairs
    .filter(([name = '']) => !NOT_ASKED.has(name) && !NOT_ASKED_FLAGS.has(name))
    .sort(([one = ''], [other = '']) => byCodePoint(one, other))
    .flat();
}

/** Return an option's long name, and the value where it is part of the word. */
function longName(word: string): [string, string | null] {
  const short = SHORT.get(word.slice(0, 2));
  if (!word.startsWith('--') && word.length > 2 && short !== undefined) {
    return [short, word.slice(2).replace(/^=/, '')]; // -t0.2
  }
  const [written, value] = partition(word, '=');
  const name = ALL.has(written) ? written : completed(written);
  return [SHORT.get(name) ?? name, word.includes('=') ? value : null];
}

/** argparse takes any beginning that only one option has. */
function completed(name: string): string {
  const longer = name.startsWith('--') ? [...ALL].filter((option) => option.startsWith(name)) : [];
  return longer.length === 1 ? (longer[0] ?? name) : name;
}

function valueInOneForm(value: string): string {
  if (!NUMBER.test(value)) {
    return value;
  }
  if (/^-?[0-9]+$/.test(value)) {
    return BigInt(value).toString(); // all digits, as Python's integers have them
  }
  return Number.isFinite(Number(value)) ? canonicalJson(Number(value)) : value;
}

function partition(text: string, mark: string): [string, string] {
  const place = text.indexOf(mark);
  return place < 0 ? [text, ''] : [text.slice(0, place), text.slice(place + mark.length)];
}

/** Compare texts as Python does; JavaScript's own order puts U+1F600 before U+FB33. */
function byCodePoint(one: string, other: string): number {
  const [points, others] = [Array.from(one), Array.from(other)];
  const place = points.findIndex((point, n) => point !== others[n]);
  if (place < 0) {
    return points.length - others.length;
  }
  return (points[place]?.codePointAt(0) ?? 0) - (others[place]?.codePointAt(0) ?? -1);
}
