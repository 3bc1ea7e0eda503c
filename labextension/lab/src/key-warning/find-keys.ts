/**
 * Keys in a text, found by their shape as `deepshi_jupyter/core/secrets.py` finds them.
 *
 * The table is made from the one in Python (`tests/frontend/make_key_shapes.py`), and both are tested
 * against `tests/frontend/keys.json`.
 */

import table from './key-shapes.json';

/** Where a key stands in a text, without the key. */
export interface FoundKey {
  /** What it is, such as "GitHub token". */
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

interface Span extends FoundKey {
  /** The place of its kind in the table; of two that overlap, the first is named. */
  readonly rank: number;
}

const SHAPES = table.shapes.map(({ kind, hints, regex, check }) => ({
  kind,
  hints,
  regex: new RegExp(regex, 'dy'),
  isKey: checkOf(check, hints),
}));
const HINTS = new RegExp(SHAPES.flatMap(({ hints }) => hints.map(escaped)).join('|'));
const WORDS = new RegExp(table.word, 'g');
const LONG_RUN = new RegExp(table.longRun);
const PLACEHOLDER = /‹redacted:[0-9a-f]{8}›/g;

/** Return the keys in a text, in order, none overlapping another. */
export function findKeys(text: string): FoundKey[] {
  if (!HINTS.test(text)) {
    return []; // as nearly all texts
  }
  const found: FoundKey[] = [];
  let start = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    found.push(...keysIn(text.slice(start, match.index), start));
    start = match.index + match[0].length;
  }
  return [...found, ...keysIn(text.slice(start), start)];
}

function keysIn(text: string, offset: number): FoundKey[] {
  const merged: Span[] = [];
  for (const span of spansIn(text).sort((a, b) => a.start - b.start || a.end - b.end)) {
    const last = merged.at(-1);
    if (last !== undefined && span.start < last.end) {
      const first = last.rank <= span.rank ? last : span;
      merged[merged.length - 1] = {
        ...first,
        start: last.start,
        end: Math.max(last.end, span.end),
      };
    } else {
      merged.push(span);
    }
  }
  return merged.map(({ kind, start, end }) => ({ kind, start: start + offset, end: end + offset }));
}

function spansIn(text: string): Span[] {
  return SHAPES.flatMap(({ kind, hints, regex, isKey }, rank) =>
    hints.flatMap((hint) => {
      const spans: Span[] = [];
      let at = text.indexOf(hint);
      while (at >= 0) {
        regex.lastIndex = at;
        const match = regex.exec(text);
        const [start, end] = match?.indices?.groups?.['key'] ?? [0, 0];
        if (match !== null && isKey(text.slice(start, end))) {
          spans.push({ kind, start, end, rank });
        }
        at = text.indexOf(hint, match === null ? at + 1 : regex.lastIndex);
      }
      return spans;
    }),
  );
}

function checkOf(check: string, hints: readonly string[]): (key: string) => boolean {
  switch (check) {
    case 'random':
      return isRandom;
    case 'no example':
      return isNoExample;
    case 'key lines':
      return (key) => LONG_RUN.test(key);
    default:
      return (key) => isRandom(key.slice(lengthOfPrefix(key, hints)));
  }
}

function lengthOfPrefix(key: string, hints: readonly string[]): number {
  return Math.max(0, ...hints.filter((hint) => key.startsWith(hint)).map(({ length }) => length));
}

/** Whether a text is neither words nor a placeholder such as "xxxxxxxx". */
function isRandom(key: string): boolean {
  return isNoExample(key) && !isWordy(`-${key}`);
}

function isNoExample(key: string): boolean {
  return new Set(key).size >= table.fewestCharacters && !key.includes('EXAMPLE');
}

function isWordy(text: string): boolean {
  const words = text.match(WORDS) ?? [];
  return words.join('') === text && text.length >= table.shortestMean * words.length;
}

function escaped(text: string): string {
  return text.replace(/[$()*+.?[\\\]^{|}-]/g, '\\$&');
}
