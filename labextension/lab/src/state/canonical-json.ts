/**
 * A JSON value → the one text that stands for it, which hashes are made of (RFC 8785).
 *
 * The twin of `canonical` in `deepshi_jupyter/core/canonical.py`. Numbers there are written as
 * ECMAScript writes them, so `1`, `1.0` and `1e0` are one here and there. What cannot be matched:
 * Python keeps all digits of whole numbers from 2^53 on, which `JSON.parse` has rounded by the time
 * they come here (`holdsLargeNumbers` finds them), and numbers beyond 1e308, which it makes
 * `Infinity`, are refused here though Python takes them where they are written without a point.
 */

import { hasLoneSurrogate, isObject } from './json-value';

/** A value is no JSON, such as `Infinity`. */
export class NotJsonError extends Error {}

/** Return the canonical JSON of a value. */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') {
    return escaped(value);
  }
  if (typeof value === 'number') {
    return number(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map(canonicalJson).join(',')}]`;
  }
  if (isObject(value)) {
    const names = Object.keys(value).sort(); // by UTF-16 units, as the RFC says
    return `{${names.map((name) => `${escaped(name)}:${canonicalJson(value[name])}`).join(',')}}`;
  }
  if (value === null || typeof value === 'boolean') {
    return String(value);
  }
  throw new NotJsonError(`A value of type ${typeof value} is not JSON.`);
}

/** Whether a value holds a whole number whose last digits `JSON.parse` may have changed. */
export function holdsLargeNumbers(value: unknown): boolean {
  if (typeof value === 'number') {
    return Number.isInteger(value) && !Number.isSafeInteger(value);
  }
  if (Array.isArray(value)) {
    return value.some(holdsLargeNumbers);
  }
  return isObject(value) && Object.values(value).some(holdsLargeNumbers);
}

/** Quote a text; `JSON.stringify` would escape halves of surrogate pairs as well. */
function escaped(text: string): string {
  if (!hasLoneSurrogate(text)) {
    return JSON.stringify(text);
  }
  const inside = text.replace(/[^ !#-[\]-\uffff]/g, (mark) => JSON.stringify(mark).slice(1, -1));
  return `"${inside}"`;
}

function number(value: number): string {
  if (!Number.isFinite(value)) {
    throw new NotJsonError(`The number ${value} is not JSON.`);
  }
  return String(value);
}
