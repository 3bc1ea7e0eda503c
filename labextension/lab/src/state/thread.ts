/** The turns of one chat as they stand above a place, and the chains of what is sent of them. */

import type { Left } from './conversation';
import { link, messageDigest, START } from './message-chain';
import type { Turn } from './turn';
import type { Cut, TurnRecord } from './turn-record';

/** The system prompt that a cell has given a thread, or null. */
export type ThreadSystem = string | null;

/** The turns of one chat. */
export class Thread {
  readonly turns: Turn[];
  left: Left[];
  system: ThreadSystem;
  readonly #tips = new Map<string, string[]>();
  readonly #places = new Map<string, number>();
  #placed = 0;

  constructor(turns: Turn[] = [], left: Left[] = [], system: ThreadSystem = null) {
    this.turns = turns;
    this.left = left;
    this.system = system;
  }

  /** Return the chain of the turns below a system prompt, less what a cut leaves out. */
  tip(system: string, cut: Cut | null): string {
    return cut === null ? this.#whole(system) : chainOf(system, this.#sent(cut));
  }

  /** Return the chain of all turns; each is linked once. */
  #whole(system: string): string {
    const tips = this.#tips.get(system) ?? [start(system)];
    this.#tips.set(system, tips);
    for (const turn of this.turns.slice(tips.length - 1)) {
      tips.push(turn.record.chained(tips.at(-1) ?? START));
    }
    return tips.at(-1) ?? START;
  }

  /** Return the turns that a cut leaves, without a look at those that it leaves out. */
  #sent(cut: Cut): readonly Turn[] {
    for (; this.#placed < this.turns.length; this.#placed++) {
      const id = this.turns[this.#placed]?.record.id ?? '';
      if (!this.#places.has(id)) {
        this.#places.set(id, this.#placed);
      }
    }
    const end = cut.first === '' ? this.turns.length : (this.#places.get(cut.first) ?? 0);
    const places = [...new Set(cut.kept)].map((id) => this.#places.get(id) ?? end);
    const kept = places.filter((place) => place < end).sort((one, other) => one - other);
    return [...kept.flatMap((place) => this.turns[place] ?? []), ...this.turns.slice(end)];
  }
}

interface KnownChain {
  readonly system: string;
  readonly records: readonly TurnRecord[];
  readonly tip: string;
}

/** The chain of the cut context that ended with a record, as it was computed last. */
const chains = new WeakMap<TurnRecord, KnownChain>();

/**
 * Return the chain of a system prompt, if there is one, and turns.
 *
 * Each cut context begins elsewhere, so that no link of one serves for another; so what came out for
 * the same turns before is kept.
 */
function chainOf(system: string, turns: readonly Turn[]): string {
  const last = turns.at(-1)?.record;
  if (last === undefined) {
    return start(system);
  }
  const known = chains.get(last);
  if (known?.system === system && areSame(known.records, turns)) {
    return known.tip;
  }
  const tip = turns.reduce((chain, { record }) => record.chained(chain), start(system));
  chains.set(last, { system, records: turns.map(({ record }) => record), tip });
  return tip;
}

function areSame(records: readonly TurnRecord[], turns: readonly Turn[]): boolean {
  return (
    records.length === turns.length && turns.every(({ record }, place) => record === records[place])
  );
}

function start(system: string): string {
  return system === '' ? START : link(START, messageDigest({ role: 'system', content: system }));
}
