/** JSON objects as they come from a notebook: any field may be missing or of another type. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a JSON value is an object, and no array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a JSON value counts as nothing in Python's `x or y`; `undefined` is a missing field. */
export function isNothing(value: unknown): boolean {
  if (Array.isArray(value)) {
    return value.length === 0;
  }
  return isObject(value) ? Object.keys(value).length === 0 : !value;
}

/** Return a text that nbformat may keep as a list of lines. */
export function joined(text: unknown): string {
  return Array.isArray(text) ? text.map(String).join('') : String(text);
}

/** Whether a text has a half of a surrogate pair that stands alone. */
export function hasLoneSurrogate(text: string): boolean {
  return /[\ud800-\udfff]/.test(text) && /[\ud800-\udfff]/u.test(text); // the first is quick
}
