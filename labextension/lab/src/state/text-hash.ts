/** A text → its SHA-256, as `text_sha256` of `deepshi_jupyter/core/canonical.py` makes it. */

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';

import { hasLoneSurrogate } from './json-value';

const encoder = new TextEncoder();

/**
 * Return the SHA-256 of bytes, in hexadecimal.
 *
 * Web Crypto only hashes asynchronously, and only in pages that came over https or from localhost.
 */
export function bytesSha256(bytes: Uint8Array): string {
  return bytesToHex(sha256(bytes));
}

/** Return the SHA-256 of a text as UTF-8, in hexadecimal. */
export function textSha256(text: string): string {
  return bytesSha256(utf8(text));
}

/** Encode a text; halves of surrogate pairs as Python's `surrogatepass` does. */
function utf8(text: string): Uint8Array {
  if (!hasLoneSurrogate(text)) {
    return encoder.encode(text);
  }
  const parts = text.split(/([\ud800-\udfff])/u);
  return concatBytes(...parts.map((part, n) => (n % 2 === 0 ? encoder.encode(part) : half(part))));
}

function half(surrogate: string): Uint8Array {
  const unit = surrogate.charCodeAt(0);
  return Uint8Array.of(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));
}
