/**
 * The messages of an answer on its way over a comm of the target `deepshi.stream`, version 1.
 *
 * The twin of `deepshi_jupyter/display/deltas.py`; both are tested against the files in
 * `tests/frontend/protocol/`. Messages can be lost on their way (a server drops what comes too
 * fast), so each has a number, and a piece of text says how many characters of its kind came before.
 */

export const TARGET = 'deepshi.stream';
export const VERSION = 1;

/** The next piece of the answer or of the reasoning. */
export interface TextMessage {
  v: 1;
  seq: number;
  kind: 'text' | 'reasoning';
  text: string;
  /** Characters of this kind before the piece, counted as Python counts: code points. */
  offset: number;
}

/** A sentence for the reader, such as a retry. */
export interface NoticeMessage {
  v: 1;
  seq: number;
  kind: 'notice';
  text: string;
}

/** Nothing more comes. Footer and notices are missing where nothing came of the answer. */
export interface EndMessage {
  v: 1;
  seq: number;
  kind: 'end';
  footer?: string;
  notices?: string[];
}

export type Message = TextMessage | NoticeMessage | EndMessage;

/** All that was sent before the message `seq`; what a reader asks for who missed something. */
export interface Snapshot {
  seq: number;
  text: string;
  reasoning: string;
}

/** What a view is told. */
export type Step =
  | { kind: 'text' | 'reasoning' | 'notice'; text: string }
  /** Something is missing after so many characters: ask for a snapshot. Said once a gap. */
  | { kind: 'gap'; text: number; reasoning: number }
  /** Nothing more comes; if it is not whole, the output of the cell has it all. */
  | { kind: 'end'; footer: string; notices: string[]; isWhole: boolean }
  /** This front end cannot read the messages. */
  | { kind: 'unreadable'; why: string };

/** Reads the messages of one answer, in whatever order and number they arrive. */
export class StreamReader {
  #next = 0;
  readonly #have = { text: 0, reasoning: 0 };
  #held: Message[] = [];
  #isInGap = false;
  #isOver = false;

  /** Read the data of one comm message. */
  take(data: unknown): Step[] {
    if (this.#isOver) {
      return [];
    }
    const version = versionOf(data);
    if (version !== VERSION) {
      this.#isOver = true;
      return [{ kind: 'unreadable', why: unreadable(version) }];
    }
    const message = asMessage(data);
    if (message === null) {
      return this.#skip(data);
    }
    return this.#isInGap ? this.#hold(message) : this.#read(message);
  }

  /** Go on after a gap. */
  fill(snapshot: Snapshot): Step[] {
    if (this.#isOver || !this.#isInGap) {
      return [];
    }
    const steps = (['reasoning', 'text'] as const).flatMap((kind) =>
      this.#advance(kind, Array.from(snapshot[kind]).slice(this.#have[kind]).join('')),
    );
    const held = this.#held.filter(({ seq }) => seq >= snapshot.seq).sort((a, b) => a.seq - b.seq);
    this.#held = [];
    this.#isInGap = false;
    this.#next = Math.max(this.#next, snapshot.seq);
    return [...steps, ...held.flatMap((message) => this.take(message))];
  }

  /** Begin in the middle of an answer: all that came before is in the snapshot. */
  attach(snapshot: Snapshot): Step[] {
    this.#isInGap = true;
    return this.fill(snapshot);
  }

  #read(message: Message): Step[] {
    if (message.seq < this.#next) {
      return []; // it came twice
    }
    if (message.seq > this.#next || !this.#fits(message)) {
      this.#isInGap = true;
      return [{ kind: 'gap', ...this.#have }, ...this.#hold(message)];
    }
    this.#next++;
    switch (message.kind) {
      case 'notice':
        return [{ kind: 'notice', text: message.text }];
      case 'end':
        return this.#end(message, true);
      default:
        return this.#advance(message.kind, message.text);
    }
  }

  #fits(message: Message): boolean {
    return !('offset' in message) || message.offset === this.#have[message.kind];
  }

  #hold(message: Message): Step[] {
    if (message.kind === 'end') {
      return this.#end(message, false);
    }
    this.#held.push(message);
    return [];
  }

  #advance(kind: 'text' | 'reasoning', text: string): Step[] {
    this.#have[kind] += codePoints(text);
    return text === '' ? [] : [{ kind, text }];
  }

  #end(message: EndMessage, isWhole: boolean): Step[] {
    this.#isOver = true;
    const { footer = '', notices = [] } = message;
    return [{ kind: 'end', footer, notices, isWhole }];
  }

  /** Pass over a kind of message that a later kernel of the same version may send. */
  #skip(data: unknown): Step[] {
    if (!this.#isInGap && isRecord(data) && data['seq'] === this.#next) {
      this.#next++;
    }
    return [];
  }
}

function unreadable(version: unknown): string {
  return (
    `The kernel sends answers in version ${String(version)} of a protocol of which this page knows ` +
    `version ${VERSION}. Reload the page; if that does not help, update deepshi_jupyter.`
  );
}

function versionOf(data: unknown): unknown {
  return isRecord(data) ? data['v'] : undefined;
}

function asMessage(data: unknown): Message | null {
  if (!isRecord(data) || !isCount(data['seq'])) {
    return null;
  }
  const { seq, kind, text, offset } = data;
  if ((kind === 'text' || kind === 'reasoning') && typeof text === 'string' && isCount(offset)) {
    return { v: VERSION, seq, kind, text, offset };
  }
  if (kind === 'notice' && typeof text === 'string') {
    return { v: VERSION, seq, kind, text };
  }
  return kind === 'end' ? asEnd(seq, data) : null;
}

function asEnd(seq: number, { footer, notices }: Record<string, unknown>): EndMessage {
  const message: EndMessage = { v: VERSION, seq, kind: 'end' };
  if (typeof footer === 'string') {
    message.footer = footer;
  }
  if (Array.isArray(notices)) {
    message.notices = notices.filter((notice) => typeof notice === 'string');
  }
  return message;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function codePoints(text: string): number {
  return text.replace(/[\ud800-\udbff][\udc00-\udfff]/g, '_').length;
}
