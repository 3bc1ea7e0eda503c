/**
 * The first line of a `%%deepshi` cell: what it says of the parameters, and the line rewritten.
 *
 * A line is read as the kernel reads it: `{{…}}` first, then the quotes of a shell, then options by
 * argparse's rules. What is not changed stays as it was typed. The twin of
 * `deepshi_jupyter/sliders/line.py`; both are tested against `tests/frontend/protocol/magic-lines.json`.
 */

import { OpenQuoteError, shellWords } from '../state/shell-words';
import { stripped } from '../state/white-space';
import { bracesIn, type Expression } from './expressions';
import described from './magic-options.json';
import { UNPRINTABLE, pythonText } from './python-text';

/** A value that the page cannot tell: a `{{…}}`, or what is no JSON. */
export interface Unread {
  written: string;
}

/** null: it is not sent, whatever the default. */
export type Value = number | string | boolean | string[] | null | Unread;

/** Values by the name of their parameter; one that is missing is automatic. */
export type Values = Readonly<Partial<Record<string, Value>>>;

/** The parameters that have a control, in the order in which new options are written. */
export const NAMES: readonly string[] = ['model', ...Object.keys(described.controls)];

/** Another name of `max_tokens`; the two share one control. */
const ALIAS = 'max_completion_tokens';
const SPELLED: Partial<Record<string, string>> = { temperature: '-t', n: '-n', model: '-m' };
/** Options whose value is text and not JSON. */
const TEXTS = new Set(['model', 'stop']);

interface Option {
  dest: string;
  takesValue: boolean;
}

const KNOWN = new Map<string, Option>(
  Object.entries(described.options).flatMap(([names, option]) =>
    names.split(' ').map((name): [string, Option] => [name, option]),
  ),
);

/** An option of a line that sets one of the parameters. */
interface Placed {
  from: number;
  to: number;
  spelled: string;
  name: string;
  value: Value;
  isParam: boolean;
}

/** Return what a line says of the parameters; null if a quote is not closed. */
export function valuesOf(line: string): Values | null {
  const options = optionsOf(line);
  if (options === null) {
    return null;
  }
  const values: Partial<Record<string, Value>> = {};
  const [direct, others] = [options.filter((o) => !o.isParam), options.filter((o) => o.isParam)];
  for (const { name, value } of direct) {
    values[name] = name === 'stop' ? joined(values[name], value) : value;
  }
  for (const { name, value } of others) {
    values[name] = name === 'stop' && typeof value === 'string' ? [value] : value;
  }
  return values;
}

/** Several `--stop` are a list; one that cannot be told makes that of the whole. */
function joined(before: Value | undefined, text: Value): Value {
  if (typeof text !== 'string') {
    return text;
  }
  return Array.isArray(before) ? [...before, text] : before === undefined ? [text] : before;
}

/**
 * Return a line whose options give other values.
 *
 * @param line The line without the magic's name.
 * @param before What it says, as `valuesOf` has it.
 * @param after What it is to say; what is missing is said no longer.
 * @returns The line: a changed option stays in its place, new ones come at the end.
 */
export function rewritten(line: string, before: Values, after: Values): string {
  const changed = NAMES.filter((name) => !isSame(before[name], after[name]));
  const found = (optionsOf(line) ?? []).filter(({ name }) => changed.includes(name));
  const first = new Map<string, Placed>();
  found.forEach((option) => {
    first.set(option.name, first.get(option.name) ?? option);
  });
  for (const option of [...found].reverse()) {
    const value = first.get(option.name) === option ? after[option.name] : undefined;
    line = replaced(line, option, value === undefined ? '' : written(option, value));
  }
  const added = changed
    .filter((name) => !first.has(name))
    .flatMap((name) => (after[name] === undefined ? [] : [written({ name }, after[name])]));
  const start = added.length === 0 ? line : line.trimEnd();
  return [start, ...added].filter((part) => part !== '').join(' ');
}

function isSame(one: Value | undefined, other: Value | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Put a text in the place of an option; without one, the space before it goes as well. */
function replaced(line: string, { from, to }: Placed, text: string): string {
  const [before, rest] = [line.slice(0, from), line.slice(to)];
  if (text !== '') {
    return before + text + rest;
  }
  return before.trimEnd() === '' ? rest.trimStart() : before.trimEnd() + rest;
}

/** Return a parameter as options of a line. */
function written({ name, spelled }: { name: string; spelled?: string }, value: Value): string {
  if (value === null && name === 'stop') {
    return `--param ${name}=null`;
  }
  const isOwn = spelled !== undefined && spelled !== '--param';
  const option = isOwn ? spelled : (SPELLED[name] ?? `--${name.replaceAll('_', '-')}`);
  const values = Array.isArray(value) ? value : [value];
  return values.map((each) => writtenOption(option, asText(name, each))).join(' ');
}

function asText(name: string, value: Value): string {
  if (typeof value === 'string' && TEXTS.has(name)) {
    return value;
  }
  return isUnread(value) ? value.written : JSON.stringify(value);
}

function writtenOption(spelled: string, text: string): string {
  const between = text.startsWith('-') ? '=' : ' '; // else argparse takes it for an option
  return spelled + between + quoted(text);
}

export function isUnread(value: Value | undefined): value is Unread {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a shell takes as it is; the same as Python's `shlex.quote`. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** Return a text as one word of a line; one that does not print, as a Python text in `{{…}}`. */
export function quoted(text: string): string {
  if (UNPRINTABLE.test(text)) {
    return `{{${pythonText(text)}}}`;
  }
  const word = PLAIN.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
  return word.replaceAll('{{', '\\{{');
}

/** Return the options of a line that set a parameter with a control; null if a quote is open. */
function optionsOf(line: string): Placed[] | null {
  const words = wordsOf(line);
  if (words === null) {
    return null;
  }
  return words.flatMap((word, at) => {
    const read = readOption(word.text);
    if (read === null) {
      return [];
    }
    const next = words[at + 1];
    const following = read.takesValue && read.value === null && isValueWord(next) ? next : null;
    const option = parameterOf(read, read.value ?? following?.text ?? '');
    const { from, to } = { from: word.from, to: (following ?? word).to };
    return NAMES.includes(option.name) ? [{ ...option, from, to, spelled: read.spelled }] : [];
  });
}

/** A word that can be read as an option is one, and no value of the option before it. */
function isValueWord(word: Word | undefined): word is Word {
  return word !== undefined && readOption(word.text) === null;
}

/** Return the parameter that an option sets and its value, `--param NAME=JSON` included. */
function parameterOf(
  { dest }: Option,
  text: string,
): { name: string; value: Value; isParam: boolean } {
  if (dest !== 'param') {
    return { name: dest, value: valueOf(text, TEXTS.has(dest)), isParam: false };
  }
  const [name = '', ...rest] = text.split('=');
  const parameter = stripped(name) === ALIAS ? 'max_tokens' : stripped(name);
  return { name: parameter, value: valueOf(rest.join('='), false), isParam: true };
}

/** Read a value as JSON, or as the text that it is. */
function valueOf(masked: string, isText: boolean): Value {
  const text = unmasked(masked);
  if (masked.includes(EXPRESSION)) {
    return { written: text };
  }
  if (isText) {
    return text;
  }
  try {
    const value: unknown = JSON.parse(text);
    return isValue(value) ? value : { written: text };
  } catch {
    return { written: text };
  }
}

function isValue(value: unknown): value is number | string | boolean | string[] | null {
  const isTexts = Array.isArray(value) && value.every((each) => typeof each === 'string');
  return value === null || isTexts || ['number', 'string', 'boolean'].includes(typeof value);
}

/** A word of a line: its option reaches from `from` to `name`, the rest to `to` is a value. */
export interface OptionWord {
  from: number;
  name: number;
  to: number;
}

/** Return the words of a line, cut into options and values; also while a quote is open. */
export function optionWordsOf(line: string): OptionWord[] {
  const words = wordsOf(line);
  if (words === null) {
    return Array.from(line.matchAll(/\S+/g), ({ index, 0: word }) =>
      cut({ from: index, to: index + word.length, text: word }, line),
    );
  }
  return words.map((word) => cut(word, line));
}

function cut({ from, to, text }: Word, line: string): OptionWord {
  const spelled = readOption(text)?.spelled ?? '';
  return { from, name: line.startsWith(spelled, from) ? from + spelled.length : from, to };
}

interface Spelling extends Option {
  spelled: string;
  /** The value where it is part of the word. */
  value: string | null;
}

/** Read a word as an option by argparse's rules; null if it is none that is known. */
function readOption(word: string): Spelling | null {
  const [name = '', ...rest] = word.split('=');
  const value = rest.length === 0 ? null : rest.join('=');
  return (
    spelling(word, word, null) ??
    spelling(name, name, value) ??
    (word.startsWith('--')
      ? spelling(completed(name), name, value)
      : spelling(word.slice(0, 2), word.slice(0, 2), word.slice(2)))
  );
}

function spelling(name: string, spelled: string, value: string | null): Spelling | null {
  const option = KNOWN.get(name);
  return option === undefined ? null : { ...option, spelled, value };
}

/** argparse takes any beginning that only one option has. */
function completed(name: string): string {
  const longer = [...KNOWN.keys()].filter((option) => option.startsWith(name));
  return longer.length === 1 ? (longer[0] ?? '') : '';
}

/** A word, its quotes taken off, and where it stands with them. */
export interface Word {
  from: number;
  to: number;
  text: string;
}

/** Stands before an expression in the text of a word. */
const EXPRESSION = '\x00';

/** A word as `shlex.split` has it; only space, tab, CR and LF stand between two words. */
const WORD = /(?:[^ \t\r\n'"\\]|\\[^]|'[^']*'|"(?:[^"\\]|\\[^])*")+/g;

/** Return the words of a line; null if a quote is open. */
function wordsOf(line: string): Word[] | null {
  const { masked, units } = readBraces(line);
  try {
    shellWords(masked);
  } catch (error) {
    if (error instanceof OpenQuoteError) {
      return null;
    }
    throw error;
  }
  return [...masked.matchAll(WORD)].map(({ index, 0: { length } }) => ({
    from: index,
    to: index + length,
    text: shellWords(units.slice(index, index + length).filter((unit) => unit !== '')).join(''),
  }));
}

/**
 * Return a line without the spaces and quotes in its expressions, as long as before, and its
 * characters: all of an expression is one, empty ones follow.
 */
function readBraces(line: string): { masked: string; units: string[] } {
  const units = line.split('');
  let masked = line;
  const put = ({ from, to }: Expression, text: string): void => {
    masked = masked.slice(0, from) + EXPRESSION.repeat(to - from) + masked.slice(to);
    units.fill('', from, to);
    units[from] = text;
  };
  const { expressions, literals } = bracesIn(line);
  literals.forEach((literal) => {
    put(literal, '{{');
  });
  expressions.forEach((expression) => {
    put(expression, EXPRESSION + line.slice(expression.from, expression.to));
  });
  return { masked, units };
}

function unmasked(text: string): string {
  return text.replaceAll(EXPRESSION, '');
}
