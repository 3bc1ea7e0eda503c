/** Messages with images in them → the same with each image named by the hash of its bytes. */

import { isObject, type JsonObject } from './json-value';
import { bytesSha256 } from './text-hash';

const DATA_URL = /^data:([^,]*);base64,([^]*)$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Return a message with each image that it carries named by its hash; the same message if it has none.
 *
 * The twin of `without_bytes` in `deepshi_jupyter/core/canonical.py`. Records have no bytes in them,
 * so this only finds something in one that another program wrote.
 */
export function withNamedImages(message: JsonObject): JsonObject {
  const content = message['content'];
  if (!Array.isArray(content)) {
    return message;
  }
  const parts: unknown[] = content.map(named);
  return parts.every((part, place) => part === content[place])
    ? message
    : { ...message, content: parts };
}

function named(part: unknown): unknown {
  if (!isObject(part) || !isObject(part['image_url'])) {
    return part;
  }
  const { url, ...said } = part['image_url'];
  const [, mediaType, data] = DATA_URL.exec(typeof url === 'string' ? url : '') ?? [];
  if (mediaType === undefined || data === undefined || !BASE64.test(data)) {
    return part;
  }
  const beside = Object.entries(part).filter(([name]) => name !== 'type' && name !== 'image_url');
  const bytes = Uint8Array.from(atob(data), (unit) => unit.charCodeAt(0));
  return {
    ...said,
    ...Object.fromEntries(beside),
    type: 'image',
    media_type: mediaType,
    sha256: bytesSha256(bytes),
  };
}
