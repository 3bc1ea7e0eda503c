/**
 * About how many tokens a text or a list of messages costs, without any tokenizer.
 *
 * The twin of `deepshi_jupyter/core/tokens.py`, which says how far off it is. One thing differs: of an
 * image that stands in a message with its bytes, the size is not read, so that it counts as unseen;
 * records have no such images.
 */

import { isObject } from './json-value';
import { SPACES } from './white-space';

const MESSAGE_TOKENS = 4;
const ANSWER_TOKENS = 3;
const TOOL_CALL_TOKENS = 8;
const LEAST_IMAGE_TOKENS = 85;
const UNSEEN_IMAGE_TOKENS = 1000;

const ACCENTED = '\\xaa\\xba\\xc0-\\xd6\\xd8-\\xf6\\xf8-\\u024f\\u0300-\\u036f\\u1e00-\\u1eff';
const DENSE =
  '\\u2e80-\\ua4cf\\ua960-\\ua97f\\uac00-\\ud7ff\\uf900-\\ufaff\\uff00-\\uffef\\u{20000}-\\u{3ffff}';
const UNSPACED = '\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff';
const MARKS = '!-\\/:-@\\[-`\\{-~';

interface Kind {
  /** What a piece of this kind looks like; one group is what counts. */
  readonly pattern: string;
  /** What it costs by its length; null: by the words of the whole text. */
  readonly cost: ((length: number) => number) | null;
}

const KINDS: readonly Kind[] = [
  {
    pattern: ` ?([A-Z]{2,}(?![a-z${ACCENTED}]))`,
    cost: (length) => 1 + 0.3 * (length - 2), // capitals
  },
  {
    pattern: ` ?([A-Z]?[a-z]+(?![a-z${ACCENTED}])|[A-Z](?![a-z${ACCENTED}]))`,
    cost: null, // a word
  },
  { pattern: ` ?([A-Za-z${ACCENTED}]+)`, cost: null }, // a word with accents
  { pattern: '(\\p{Nd}{1,3})', cost: () => 1 },
  { pattern: `([${DENSE}]+)`, cost: (length) => 0.8 * length }, // Han, kana, hangul
  { pattern: `([${UNSPACED}]+)`, cost: (length) => 0.5 * length }, // Thai, Lao, Burmese, Khmer
  {
    pattern: ' ?([\\u0370-\\u1fff]+)', // Greek, Cyrillic, Arabic, the scripts of India …
    cost: (length) => 1 + 0.35 * Math.max(0, length - 3),
  },
  { pattern: `([${MARKS}](?=[A-Za-z]))`, cost: () => 0.7 }, // often one token with the word after it
  {
    pattern: ` ?([${MARKS}]+)\\n*`, // takes the line end after it along
    cost: (length) => 1 + 0.15 * Math.max(0, length - 2),
  },
  { pattern: `([${SPACES}]*\\n+)`, cost: () => 1 },
  { pattern: `([${SPACES}]{2,}|[${SPACES}](?=\\p{Nd}))`, cost: () => 1 },
  { pattern: `([${SPACES}])`, cost: () => 0 }, // goes with what follows
  { pattern: '(.)', cost: () => 1.5 },
];
const WORD = 1;
const ACCENTED_WORD = 2;
const DENSE_TEXT = 4;
const SYMBOL = 12;

const PIECE = new RegExp(KINDS.map(({ pattern }) => pattern).join('|'), 'gsu');

/** A text with this share of its Latin letters in accented words is not English at all. */
const FOREIGN_SHARE = 0.1;

/** Pieces of one kind and length, and how many there are. */
interface Pieces {
  readonly kind: number;
  readonly length: number;
  number: number;
}

/** Estimate how many tokens a text is. */
export function estimateTokens(text: string): number {
  if (text === '') {
    return 0;
  }
  const pieces = piecesOf(text);
  const word = wordCost(pieces);
  let tokens = 0;
  for (const { kind, length, number } of pieces) {
    const cost = KINDS[kind]?.cost ?? word;
    tokens += number * cost(length) + (kind === ACCENTED_WORD ? 0.3 * number : 0);
  }
  return Math.max(rounded(tokens), 1);
}

/** Estimate how many prompt tokens messages in the form of the request body are. */
export function estimateMessages(messages: Iterable<unknown>): number {
  let sum = ANSWER_TOKENS;
  for (const message of messages) {
    sum += MESSAGE_TOKENS + ofMessage(message);
  }
  return sum;
}

function piecesOf(text: string): readonly Pieces[] {
  const found = new Map<number, Pieces>();
  for (const match of text.matchAll(PIECE)) {
    const groups: readonly (string | undefined)[] = match;
    const kind = groups.findIndex((group, n) => n > 0 && group !== undefined) - 1;
    const piece = groups[kind + 1] ?? '';
    const length = kind === DENSE_TEXT || kind === SYMBOL ? codePoints(piece) : piece.length;
    const key = length * KINDS.length + kind;
    const pieces = found.get(key) ?? { kind, length, number: 0 };
    pieces.number++;
    found.set(key, pieces);
  }
  return [...found.values()];
}

/**
 * Return what a word of Latin letters costs by its length.
 *
 * The vocabularies hold most English words whole and fewer of other languages, which show by their
 * accents.
 */
function wordCost(pieces: readonly Pieces[]): (length: number) => number {
  const accented = letters(pieces, ACCENTED_WORD);
  const plain = letters(pieces, WORD);
  const foreign = accented > 0 ? Math.min(1, accented / (accented + plain) / FOREIGN_SHARE) : 0;
  return (length) => {
    const english = 0.09 * Math.max(0, length - 5);
    const other = 0.2 * Math.max(0, length - 3);
    return 1 + (1 - foreign) * english + foreign * other;
  };
}

function letters(pieces: readonly Pieces[], kind: number): number {
  return pieces.reduce((sum, one) => sum + (one.kind === kind ? one.number * one.length : 0), 0);
}

function codePoints(text: string): number {
  return Array.from(text).length;
}

/** Round halves to the even number, as Python does. */
function rounded(value: number): number {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + (below % 2) : Math.round(value);
}

function ofMessage(message: unknown): number {
  if (!isObject(message)) {
    return 0;
  }
  const { name, refusal, tool_calls: calls, content } = message;
  return (
    ofContent(content) +
    sumOf([name, refusal], ofText) +
    sumOf(Array.isArray(calls) ? calls : [], ofToolCall)
  );
}

function ofContent(content: unknown): number {
  return Array.isArray(content) ? sumOf(content, ofPart) : ofText(content);
}

function ofPart(part: unknown): number {
  if (!isObject(part)) {
    return 0;
  }
  if (typeof part['text'] === 'string') {
    return estimateTokens(part['text']);
  }
  return part['type'] === 'image_url' ? ofImage(part['image_url']) : 0;
}

function ofImage(image: unknown): number {
  return isObject(image) && image['detail'] === 'low' ? LEAST_IMAGE_TOKENS : UNSEEN_IMAGE_TOKENS;
}

function ofToolCall(call: unknown): number {
  const called = isObject(call) ? call['function'] : undefined;
  return isObject(called)
    ? TOOL_CALL_TOKENS + sumOf([called['name'], called['arguments']], ofText)
    : 0;
}

function ofText(text: unknown): number {
  return typeof text === 'string' ? estimateTokens(text) : 0;
}

function sumOf(values: readonly unknown[], cost: (value: unknown) => number): number {
  return values.reduce<number>((sum, value) => sum + cost(value), 0);
}
