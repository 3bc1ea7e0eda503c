/**
 * Turns that stand above a question → the context that is sent with it.
 *
 * The twin of `deepshi_jupyter/core/conversation.py`. What a turn sees are the turns of its chat that
 * are visible above it, less those that were asked apart, broke off, or were skipped.
 */

import type { Marks } from './mark';
import { Thread, type ThreadSystem } from './thread';
import type { Turn } from './turn';
import { MAIN_CHAT, type Cut, type Fork, type Start, type SystemSource } from './turn-record';

/** Why a visible turn is not part of a context. */
export type WhyLeft =
  'asked with --once' | 'asked aside' | 'broke off' | 'skipped' | 'above --new' | 'context full';

/** What a question says of its context. */
export interface Wanted {
  readonly chat: string;
  readonly start: Start;
  readonly fork: Fork | null;
  /** Its own system prompt, or null for the conversation's. */
  readonly system: string | null;
}

export const ANYTHING: Wanted = { chat: MAIN_CHAT, start: '', fork: null, system: null };

/** A visible turn of the chat that is not sent, and why. */
export interface Left {
  readonly turn: Turn;
  readonly why: WhyLeft;
}

/** What is sent before a question. */
export interface Context {
  readonly chat: string;
  readonly system: string;
  readonly systemFrom: SystemSource;
  readonly turns: readonly Turn[];
  readonly left: readonly Left[];
}

/** A thread as it was after one of its turns. */
interface Spot {
  readonly thread: Thread;
  readonly end: number;
  readonly system: ThreadSystem;
}

/** The visible turns above a place, taken in one by one from the top. */
export class Above {
  readonly #marks: Marks;
  readonly #threads = new Map<string, Thread>();
  /** By chat, then by the id of the turn or cell. */
  readonly #spots = new Map<string, Map<string, Spot>>();

  constructor(marks: Marks) {
    this.#marks = marks;
  }

  /** Take in the next visible turn. */
  add(turn: Turn): void {
    const { record } = turn;
    let thread = this.#thread(record.chat);
    if (record.start === 'once' || record.start === 'aside') {
      const why = record.start === 'once' ? 'asked with --once' : 'asked aside';
      thread.left.push({ turn, why });
      return;
    }
    if (record.start === 'new' || record.fork !== null) {
      thread = this.#beginAgain(record.chat, record.fork);
    }
    if (record.systemFrom === 'cell') {
      thread.system = record.system;
    }
    const why = this.#whyLeft(turn);
    if (why === null) {
      thread.turns.push(turn);
      this.#note(record.chat, turn, { thread, end: thread.turns.length, system: thread.system });
    } else {
      thread.left.push({ turn, why });
    }
  }

  /**
   * Return the context of a question that stands here.
   *
   * @param setting The system prompt where neither the question nor a turn above gives one.
   */
  context(wanted: Wanted, setting = ''): Context {
    const thread = this.#seenBy(wanted);
    const [system, systemFrom] = systemOf(wanted, thread, setting);
    return {
      chat: wanted.chat,
      system,
      systemFrom,
      turns: [...thread.turns],
      left: [...thread.left],
    };
  }

  /** Return the chain of the context that `context` gives, less what a cut leaves out. */
  parent(wanted: Wanted, cut: Cut | null): string {
    const thread = this.#seenBy(wanted);
    const [system] = systemOf(wanted, thread, '');
    return thread.tip(system, cut);
  }

  /** Whether the turn that a fork goes on from stands above and is sent. */
  has(fork: Fork): boolean {
    return this.#spot(fork) !== undefined;
  }

  /** Return the turns that a question sees. */
  #seenBy(wanted: Wanted): Thread {
    if (wanted.start === 'once') {
      return new Thread();
    }
    const thread = this.#thread(wanted.chat);
    if (wanted.start === 'new') {
      const left = thread.turns.map((turn) => ({ turn, why: 'above --new' as const }));
      return new Thread([], left, thread.system);
    }
    return wanted.fork === null ? thread : this.#forked(wanted.fork);
  }

  #thread(chat: string): Thread {
    return known(this.#threads, chat, () => new Thread());
  }

  #beginAgain(chat: string, fork: Fork | null): Thread {
    const earlier = this.#thread(chat);
    const thread = fork === null ? new Thread([], [], earlier.system) : this.#forked(fork);
    const kept = new Set(thread.turns);
    const above = earlier.turns.map((turn) => ({ turn, why: 'above --new' as const }));
    thread.left = [...earlier.left, ...above].filter(({ turn }) => !kept.has(turn));
    this.#threads.set(chat, thread);
    thread.turns.forEach((turn, place) => {
      this.#note(chat, turn, { thread, end: place + 1, system: thread.system }, 'if new');
    });
    return thread;
  }

  /** Return a copy of a thread up to the turn of a fork; empty if that is not above. */
  #forked(fork: Fork): Thread {
    const spot = this.#spot(fork);
    return spot === undefined
      ? new Thread()
      : new Thread(spot.thread.turns.slice(0, spot.end), [], spot.system);
  }

  #spot(fork: Fork): Spot | undefined {
    return this.#spots.get(fork.chat)?.get(fork.turn);
  }

  #note(chat: string, turn: Turn, spot: Spot, when: 'always' | 'if new' = 'always'): void {
    const spots = known(this.#spots, chat, () => new Map<string, Spot>());
    for (const name of turn.names) {
      if (when === 'always' || !spots.has(name)) {
        spots.set(name, spot);
      }
    }
  }

  #whyLeft(turn: Turn): WhyLeft | null {
    if (turn.record.isPartial) {
      return 'broke off';
    }
    return isNamed(turn, this.#marks.skipped) ? 'skipped' : null;
  }
}

/** Whether one of the names that a turn has is among those of a mark. */
export function isNamed(turn: Turn, names: ReadonlySet<string>): boolean {
  return names.size > 0 && turn.names.some((name) => names.has(name));
}

/**
 * Leave out the oldest unpinned turns of a context that is too long.
 *
 * @param room How many tokens its turns may take.
 * @param pinned The names of turns that are never left out.
 */
export function fitted(context: Context, room: number, pinned: ReadonlySet<string>): Context {
  const isPinned = context.turns.map((turn) => isNamed(turn, pinned));
  const kept = context.turns.filter((_, place) => isPinned[place]);
  let left = room - kept.reduce((sum, turn) => sum + turn.tokens, 0);
  for (let place = context.turns.length - 1; place >= 0; place--) {
    left -= isPinned[place] ? 0 : (context.turns[place]?.tokens ?? 0);
    if (!isPinned[place] && left < 0) {
      return without(context, (n) => n <= place && !isPinned[n]);
    }
  }
  return context;
}

/** Return a context without the turns that a record says were left out of it. */
export function cutAsRecorded(context: Context, cut: Cut): Context {
  const ids = context.turns.map(({ record }) => record.id);
  const first = ids.indexOf(cut.first);
  const end = first < 0 && cut.first === '' ? ids.length : first;
  return without(context, (place) => place < end && !cut.kept?.includes(ids[place] ?? ''));
}

/** Return a context without the turns at some places. */
function without(context: Context, isDropped: (place: number) => boolean): Context {
  const dropped = context.turns.filter((_, place) => isDropped(place));
  return {
    ...context,
    turns: context.turns.filter((_, place) => !isDropped(place)),
    left: [...context.left, ...dropped.map((turn) => ({ turn, why: 'context full' as const }))],
  };
}

/** Return the system prompt of a question, and who gave it. */
function systemOf(wanted: Wanted, thread: Thread, setting: string): [string, SystemSource] {
  if (wanted.system !== null) {
    return [wanted.system, 'cell'];
  }
  if (thread.system !== null) {
    return [thread.system, 'above'];
  }
  return [setting, setting === '' ? '' : 'setting'];
}

function known<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key);
  if (found !== undefined) {
    return found;
  }
  const made = make();
  map.set(key, made);
  return made;
}
