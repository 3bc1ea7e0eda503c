/** The parts of a `%%deepshi` line that are shown in colours of their own. */

import { magicLineOf } from './first-line';
import { optionWordsOf } from './magic-line';

export type PartKind = 'magic' | 'option' | 'value';

/** A part of a source; `from` and `to` count its characters from the beginning of the source. */
export interface Part {
  kind: PartKind;
  from: number;
  to: number;
}

/** Return the parts of the first line of a source; none if it is no `%%deepshi` cell. */
export function partsOf(source: string): Part[] {
  const line = magicLineOf(source);
  if (line === null) {
    return [];
  }
  const magic: Part = { kind: 'magic', from: line.from, to: line.from + line.name.length };
  const start = line.to - line.options.length;
  const words = optionWordsOf(line.options).flatMap(({ from, name, to }): Part[] => [
    { kind: 'option', from: start + from, to: start + name },
    { kind: 'value', from: start + name, to: start + to },
  ]);
  return [magic, ...words].filter((part) => part.from < part.to);
}
