/**
 * The record of one turn as a value: what a notebook keeps of a question and its answer.
 *
 * The twin of `deepshi_jupyter/core/turn_record.py`; `docs/turn-record.md` describes every field.
 * A record is read once: what was made of a JSON object, hashes included, is kept with that object,
 * which therefore must not be changed afterwards.
 */

import { holdsLargeNumbers, NotJsonError } from './canonical-json';
import { isNothing, isObject, type JsonObject } from './json-value';
import { link, messageDigest } from './message-chain';
import { isTurnRecord } from './record-form';

export const RECORD = 'application/vnd.deepshi.turn+json';
export const VERSION = 2;

/** The conversation of a notebook that names none. */
export const MAIN_CHAT = 'main';

export type Kind = 'live' | 'partial' | 'imported' | 'edited';
/** Where the context of a turn begins. */
export type Start = '' | 'new' | 'once' | 'aside';
/** Who gave the system prompt of a turn. */
export type SystemSource = '' | 'cell' | 'above' | 'setting';

/** Where a conversation was forked from. */
export interface Fork {
  readonly chat: string;
  readonly turn: string;
}

/** What was left out of a context that was too long. */
export interface Cut {
  readonly first: string;
  readonly left_out: number;
  readonly kept?: readonly string[];
}

/** One answer of a call. */
export interface RecordedAnswer {
  readonly message: JsonObject;
  readonly finish_reason?: unknown;
}

/** One call of a turn, as it is written; fields that the front end has no use for are left out. */
export interface RecordedCall {
  readonly request_key?: string;
  readonly answers?: readonly RecordedAnswer[];
  readonly status?: string;
  readonly served?: string;
  readonly usage?: JsonObject | null;
  readonly cost_usd?: number | null;
  readonly started?: string;
  readonly duration?: number | null;
}

/** A record as it is written, version 2; what is left out has its empty value. */
export interface WrittenRecord {
  readonly v: number;
  readonly id?: string;
  readonly kind?: Kind;
  readonly chat?: string;
  readonly start?: Start;
  readonly fork?: Fork | null;
  readonly parent?: string;
  readonly tip?: string;
  readonly system?: string;
  readonly system_from?: SystemSource;
  readonly cut?: Cut | null;
  readonly messages?: readonly JsonObject[];
  readonly calls?: readonly RecordedCall[];
  readonly options?: readonly string[];
  readonly source_sha256?: string;
  readonly cell?: string;
  readonly place?: number;
  readonly model?: string;
  /** USD per million tokens: `prompt`, `completion` and, perhaps, `cached`. */
  readonly price?: JsonObject | null;
}

/** A record or mark cannot be read: what happened, and what to do. */
export class RecordError extends Error {
  constructor(
    readonly what: string,
    readonly todo: string,
  ) {
    super(`${what} ${todo}`);
  }
}

/** So many chains of a record are kept; it stands below another one only after a change. */
const KEPT_CHAINS = 16;

/** One turn. */
export class TurnRecord {
  #digests: readonly string[] | null = null;
  #isCheckable: boolean | null = null;
  readonly #chains = new Map<string, string>();

  constructor(
    readonly written: WrittenRecord,
    /** Whether the answer is not the one that came, because a human has changed it. */
    readonly isAnswerEdited = false,
  ) {}

  get id(): string {
    return this.written.id ?? '';
  }

  get kind(): Kind {
    return this.written.kind ?? 'live';
  }

  get chat(): string {
    return this.written.chat ?? MAIN_CHAT;
  }

  get start(): Start {
    return this.written.start ?? '';
  }

  get fork(): Fork | null {
    return this.written.fork ?? null;
  }

  get cut(): Cut | null {
    return this.written.cut ?? null;
  }

  get parent(): string {
    return this.written.parent ?? '';
  }

  get tip(): string {
    return this.written.tip ?? '';
  }

  get system(): string {
    return this.written.system ?? '';
  }

  get systemFrom(): SystemSource {
    return this.written.system_from ?? '';
  }

  get messages(): readonly JsonObject[] {
    return this.written.messages ?? [];
  }

  get calls(): readonly RecordedCall[] {
    return this.written.calls ?? [];
  }

  get options(): readonly string[] {
    return this.written.options ?? [];
  }

  get sourceSha256(): string {
    return this.written.source_sha256 ?? '';
  }

  get cell(): string {
    return this.written.cell ?? '';
  }

  get model(): string {
    return this.written.model ?? '';
  }

  /** The call that gave the answer. */
  get call(): RecordedCall {
    return this.calls.at(-1) ?? {};
  }

  /** The answer's message as it is sent back, or null if nothing came. */
  get answer(): JsonObject | null {
    return this.call.answers?.[0]?.message ?? null;
  }

  /** The answer's text. */
  get text(): string {
    const content = this.answer?.['content'];
    return typeof content === 'string' ? content : '';
  }

  /** Whether the answer broke off, was stopped, or never came. */
  get isPartial(): boolean {
    return this.kind === 'partial' || this.answer === null;
  }

  /** What the turn adds to a conversation: its messages and its answer. */
  get ownMessages(): readonly JsonObject[] {
    return this.answer === null || isNothing(this.answer)
      ? this.messages
      : [...this.messages, this.answer];
  }

  /** The hash of each of its own messages. */
  get digests(): readonly string[] {
    this.#digests ??= this.ownMessages.map(messageDigest);
    return this.#digests;
  }

  /** Whether its messages can be hashed, which is done once. */
  get isJson(): boolean {
    try {
      return this.digests.length >= 0;
    } catch (error) {
      if (error instanceof NotJsonError || error instanceof RangeError) {
        return false; // a RangeError: it is nested too deeply
      }
      throw error;
    }
  }

  /**
   * Whether its hashes can be checked here: not where `JSON.parse` may have changed the digits of a
   * large number in it. Such a record is taken for what it says it is.
   */
  get isCheckable(): boolean {
    this.#isCheckable ??=
      this.isAnswerEdited ||
      this.tip === '' ||
      this.#linked(this.parent) === this.tip ||
      !this.ownMessages.some(holdsLargeNumbers);
    return this.#isCheckable;
  }

  /** Return the chain after this turn, if it stood below `parent`. */
  chained(parent: string): string {
    return parent === this.parent && !this.isCheckable ? this.tip : this.#linked(parent);
  }

  /** Return the same turn with another answer, of which it had one. */
  withAnswer(content: string): TurnRecord {
    const [answer] = this.call.answers ?? [];
    const message = { ...this.answer, content };
    const call = { ...this.call, answers: [{ ...answer, message }] };
    const kind = this.isPartial ? 'partial' : 'edited';
    return new TurnRecord(
      { ...this.written, kind, calls: [...this.calls.slice(0, -1), call] },
      true,
    );
  }

  #linked(parent: string): string {
    const known = this.#chains.get(parent);
    if (known !== undefined) {
      return known;
    }
    if (this.#chains.size >= KEPT_CHAINS) {
      this.#chains.clear();
    }
    const tip = this.digests.reduce(link, parent);
    this.#chains.set(parent, tip);
    return tip;
  }
}

const read = new WeakMap<JsonObject, TurnRecord | RecordError>();

/**
 * Read a record of this version or an older one.
 *
 * @param value What stands under `RECORD`.
 * @throws RecordError It is of a newer version, or not of the form that its version has.
 */
export function readRecord(value: unknown): TurnRecord {
  if (!isObject(value)) {
    throw new RecordError('A turn record has no version.', TODO);
  }
  const found = read.get(value) ?? recordOrError(value);
  read.set(value, found);
  if (found instanceof RecordError) {
    throw found;
  }
  return found;
}

const TODO = 'docs/turn-record.md says what it must be; ask again, or restore from the journal.';

function recordOrError(value: JsonObject): TurnRecord | RecordError {
  const version = value['v'];
  if (!isVersion(version)) {
    return new RecordError('A turn record has no version.', TODO);
  }
  if (version > VERSION) {
    return new RecordError(
      `A turn record has the version ${version}, expected 1 or ${VERSION}.`,
      'A newer deepshi_jupyter wrote it: update this one, `pip install -U deepshi_jupyter`.',
    );
  }
  const written = version === 1 ? fromVersion1(value) : value;
  const record = isWritten(written) ? new TurnRecord(written) : null;
  return record?.isJson === true ? record : new RecordError(notOfTheForm(version), TODO);
}

function isVersion(version: unknown): version is number {
  return Number.isInteger(version) && Number(version) >= 1;
}

function notOfTheForm(version: number): string {
  return `A turn record is not of the form of version ${version}.`;
}

function isWritten(value: unknown): value is WrittenRecord {
  return isTurnRecord(value);
}

const CALL_FIELDS_OF_1 = [
  ...['answers', 'status', 'usage', 'cost_usd', 'response_id', 'request_id', 'system_fingerprint'],
  ...['created', 'started', 'time_to_first_token', 'duration', 'failed_attempts', 'notices'],
];
const TURN_FIELDS_OF_1 = [
  ...['kind', 'messages', 'prompt', 'source_sha256', 'endpoint', 'parameters', 'made_by'],
];

/** Bring a record of version 1 into the form of version 2; what it did not know stays empty. */
function fromVersion1(old: JsonObject): JsonObject | null {
  const { model, messages } = old;
  if (!isObject(model) || !Array.isArray(messages)) {
    return null;
  }
  const call = {
    ...chosen(old, CALL_FIELDS_OF_1),
    served: isNothing(model['served']) ? '' : model['served'],
    messages: messages.length,
  };
  const asked = isNothing(model['asked']) ? '' : model['asked'];
  return { ...chosen(old, TURN_FIELDS_OF_1), v: VERSION, model: asked, calls: [call] };
}

function chosen(old: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.filter((name) => name in old).map((name) => [name, old[name]]));
}
