/** What a value that came from outside is. */

export type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

export function isFlag(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

/** A whole number from 0. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

export function isListOf<Item>(
  value: unknown,
  isItem: (item: unknown) => item is Item,
): value is Item[] {
  return Array.isArray(value) && value.every(isItem);
}

/** The check of a value that may also be null. */
export function orNull<Value>(
  isValue: (value: unknown) => value is Value,
): (value: unknown) => value is Value | null {
  return (value): value is Value | null => value === null || isValue(value);
}

/** The check of an object by the checks of its fields; fields that have none may be there, too. */
export function hasShape<Shape>(checks: {
  [Name in keyof Shape]-?: (value: unknown) => value is Shape[Name];
}): (value: unknown) => value is Shape {
  const entries = Object.entries<(value: unknown) => boolean>(checks);
  return (value): value is Shape =>
    isObject(value) && entries.every(([name, isField]) => isField(value[name]));
}
