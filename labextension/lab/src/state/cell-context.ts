/**
 * A cell → which turns above it are its context now, how heavy they are, and what is left out.
 *
 * What the kernel would send, as far as a page can know: `setting` and `room` are the kernel's to
 * tell. Values in `{{…}}` are not known here.
 */

import type { AskingCell } from './cell-source';
import {
  ANYTHING,
  cutAsRecorded,
  fitted,
  isNamed,
  type Context,
  type Wanted,
  type WhyLeft,
} from './conversation';
import type { DocumentState } from './document-state';
import type { Marks } from './mark';
import { Reading } from './staleness';
import { estimateMessages } from './tokens';
import type { Turn } from './turn';
import { forkOf } from './turn-reference';
import { MAIN_CHAT, type SystemSource } from './turn-record';

/** What the kernel knows of a context beside the notebook. */
export interface ContextOptions {
  /** The system prompt where neither the cell nor a turn above gives one. */
  readonly setting?: string;
  /**
   * How many tokens the turns may take. Where it is left out, the turns are left out that the
   * cell's own record names as left out of a context that was too long.
   */
  readonly room?: number;
}

/** A turn of the cell's chat above it. */
export interface ContextTurn {
  /** The place of its cell in the document, from 0. */
  readonly index: number;
  /** The id of its cell. */
  readonly cell: string;
  /** The id of the turn. */
  readonly turn: string;
  /** About how many tokens it takes. */
  readonly tokens: number;
  readonly isPinned: boolean;
  /** Why it is not sent; null if it is. */
  readonly why: WhyLeft | null;
}

/** What is sent before the question of a cell. */
export interface CellContext {
  readonly chat: string;
  /** The system prompt, or an empty text. */
  readonly system: string;
  readonly systemFrom: SystemSource;
  readonly systemTokens: number;
  /** The turns of its chat above, sent or not, in the order of the document. */
  readonly turns: readonly ContextTurn[];
  /** About how many tokens are sent before the question, the system prompt included. */
  readonly tokens: number;
  /** Why the context cannot be told, in a sentence; an empty text if it can. */
  readonly problem: string;
}

/**
 * Return the context of a cell, as its source is now.
 *
 * @param state The state of the document that the cell stands in.
 * @param index The place of the cell in the document, from 0.
 */
export function contextOf(
  state: DocumentState,
  index: number,
  { setting = '', room }: ContextOptions = {},
): CellContext {
  const here = state.views.find((placed) => placed.index === index)?.view;
  const reading = new Reading(state.views.flatMap(({ view }) => view.marks));
  const found = state.views
    .filter((placed) => placed.index < index)
    .flatMap((placed) => reading.read(placed));
  const turns = found.flatMap(({ turn, states }) =>
    turn === null || states.includes('copied') ? [] : [turn],
  );
  const wanted = wantedBy(here?.asking ?? null, turns);
  if (typeof wanted === 'string') {
    return unknown(here?.asking ?? null, wanted);
  }
  const context = reading.above.context(wanted, setting);
  const cut = here?.records.at(-1)?.record.cut ?? null;
  if (room !== undefined) {
    return described(fitted(context, room, reading.marks.pinned), turns, reading.marks);
  }
  return described(cut === null ? context : cutAsRecorded(context, cut), turns, reading.marks);
}

/** Return what a cell says of its context, or why that cannot be told. */
function wantedBy(asking: AskingCell | null, turns: readonly Turn[]): Wanted | string {
  if (asking === null) {
    return ANYTHING; // what a plain cell asks with is up to its code
  }
  const from = asking.value('--from') ?? '';
  const chat = asking.value('--chat') ?? MAIN_CHAT;
  const starts = [asking.has('--new'), asking.has('--once'), from !== ''];
  if (starts.filter(Boolean).length > 1) {
    return '--new, --once and --from exclude each other.';
  }
  if (`${chat}${from}`.includes('{{')) {
    return 'The value in {{…}} is known when the cell runs.';
  }
  const fork = from === '' ? null : forkOf(from, turns);
  const start = asking.has('--new') ? 'new' : asking.has('--once') ? 'once' : '';
  return typeof fork === 'string' ? fork : { chat, start, fork, system: asking.value('--system') };
}

function described(context: Context, above: readonly Turn[], marks: Marks): CellContext {
  const why = new Map<Turn, WhyLeft | null>(context.turns.map((turn) => [turn, null]));
  for (const left of context.left) {
    why.set(left.turn, left.why);
  }
  const { chat, system, systemFrom } = context;
  const prompt = system === '' ? [] : [{ role: 'system', content: system }];
  const systemTokens = prompt.length > 0 ? estimateMessages(prompt) : 0;
  const opening = estimateMessages([]);
  const sent = context.turns.map((turn) => turn.tokens);
  const weights = prompt.length > 0 ? [systemTokens, ...sent] : sent;
  return {
    chat,
    system,
    systemFrom,
    systemTokens,
    turns: above.flatMap((turn) => contextTurn(turn, why.get(turn), marks)),
    tokens: weights.reduce((sum, tokens) => sum + tokens - opening, weights.length && opening),
    problem: '',
  };
}

function contextTurn(turn: Turn, why: WhyLeft | null | undefined, marks: Marks): ContextTurn[] {
  if (why === undefined) {
    return []; // of another chat
  }
  const { index, cell, record, tokens } = turn;
  return [{ index, cell, turn: record.id, tokens, isPinned: isNamed(turn, marks.pinned), why }];
}

function unknown(asking: AskingCell | null, problem: string): CellContext {
  const chat = asking?.value('--chat') ?? MAIN_CHAT;
  const system = '';
  return { chat, system, systemFrom: '', systemTokens: 0, turns: [], tokens: 0, problem };
}
