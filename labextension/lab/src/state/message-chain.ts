/**
 * Messages → the hash that stands for a conversation up to a message.
 *
 * The twin of `deepshi_jupyter/core/chain.py`: each link takes in the one before it, so that a
 * conversation is told by its last hash.
 */

import { canonicalJson } from './canonical-json';
import type { JsonObject } from './json-value';
import { withNamedImages } from './named-images';
import { textSha256 } from './text-hash';

/** The version of the way that chains are hashed. */
export const PREFIX = 'm1:';

/** The hash of no messages. */
export const START = '';

/** Return the hash of one message by itself, in hexadecimal. */
export function messageDigest(message: JsonObject): string {
  return textSha256(canonicalJson(withNamedImages(message)));
}

/** Return the hash of a conversation that the message of a digest was added to. */
export function link(parent: string, digest: string): string {
  return PREFIX + textSha256(`${parent}\n${digest}`);
}
