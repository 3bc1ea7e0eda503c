/**
 * The words by which a user names a turn → the turn; the twin of `deepshi_jupyter/core/turn_reference.py`.
 *
 * One thing differs: where a cell of an earlier kernel has the same number as one of this kernel,
 * the kernel takes its own, and what is read here is the last one above.
 */

import type { Turn } from './turn';
import type { Fork } from './turn-record';
import { stripped } from './white-space';

/** So many characters of an id name it, if no other begins with them. */
const SHORTEST = 4;

/** Return the fork that `CHAT@CELL` names, or why there is none. */
export function forkOf(name: string, turns: readonly Turn[]): Fork | string {
  const place = name.lastIndexOf('@');
  const chat = name.slice(0, Math.max(0, place));
  const there = place < 0 ? turns : turns.filter(({ record }) => record.chat === chat);
  if (place >= 0 && there.length === 0) {
    return `--from '${name}': no turn of a chat '${chat}' stands above.`;
  }
  const cell = name.slice(place + 1);
  const found = named(stripped(cell).replace(/^[[\]]+|[[\]]+$/g, ''), there);
  const [turn] = found;
  if (turn === undefined || found.length > 1) {
    return `'${cell}' names ${turn === undefined ? 'no turn' : `${found.length} turns`}.`;
  }
  return { chat: turn.record.chat, turn: turn.record.id };
}

function named(name: string, turns: readonly Turn[]): readonly Turn[] {
  const exact = turns.filter(({ names }) => names.includes(name));
  if (exact.length > 0) {
    return exact.slice(-1); // first, as an id may look like a number
  }
  if (/^-[0-9]+$/.test(name)) {
    const turn = Number(name) < 0 ? turns.at(Number(name)) : undefined;
    return turn === undefined ? [] : [turn];
  }
  if (/^[0-9]+$/.test(name)) {
    return turns.filter(({ number }) => number === Number(name)).slice(-1);
  }
  if (name.length < SHORTEST) {
    return [];
  }
  return turns.filter(({ names }) => names.some((one) => one.startsWith(name)));
}
