/** The parameters that have a control, with their ranges from `deepshi_jupyter/core/parameters.py`. */

import described from './magic-options.json';

export type ControlKind = 'slider' | 'number' | 'seed' | 'texts' | 'model';

export interface Control {
  name: string;
  kind: ControlKind;
  low: number | null;
  high: number | null;
  step: number;
  /** Where a slider stands while its parameter is automatic. */
  start: number | null;
}

const MODEL: Control = {
  name: 'model',
  kind: 'model',
  low: null,
  high: null,
  step: 1,
  start: null,
};

/** The controls in the order in which they stand. */
export const CONTROLS: readonly Control[] = [
  MODEL,
  ...Object.entries(described.controls).map(([name, control]) => ({
    name,
    ...control,
    kind: control.kind as ControlKind,
  })),
];

/** So many texts may end an answer. */
export const MOST_TEXTS = 4;

/** One more than the largest seed that the dice throw. */
const SEEDS = 1_000_000;

export function thrownSeed(): number {
  return Math.floor(Math.random() * SEEDS);
}

/** Return what is wrong with a number, or nothing. */
export function problemOf(control: Control, value: number): '' | 'number' | 'whole' | 'range' {
  if (!Number.isFinite(value)) {
    return 'number';
  }
  if (control.kind !== 'slider' && !Number.isSafeInteger(value)) {
    return 'whole';
  }
  const isIn = value >= (control.low ?? -Infinity) && value <= (control.high ?? Infinity);
  return isIn ? '' : 'range';
}

/** Return a text that ends an answer as it stands in a field: a line end as `\n`. */
export function asField(text: string): string {
  return text.replace(/[\n\t\r\\]/g, (character) => WRITTEN[character] ?? character);
}

/** Return the text that was typed into a field. */
export function fromField(field: string): string {
  return field.replace(/\\[ntr\\]/g, (written) => READ[written] ?? written);
}

const WRITTEN: Partial<Record<string, string>> = {
  '\n': String.raw`\n`,
  '\t': String.raw`\t`,
  '\r': String.raw`\r`,
  '\\': String.raw`\\`,
};
const READ: Partial<Record<string, string>> = {
  [String.raw`\n`]: '\n',
  [String.raw`\t`]: '\t',
  [String.raw`\r`]: '\r',
  [String.raw`\\`]: '\\',
};
