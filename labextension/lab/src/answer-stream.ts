import { Signal, type ISignal } from '@lumino/signaling';

import { pageClock, type Clock } from '../../src/clock';
import { StreamReader, type Snapshot, type Step } from '../../src/protocol';

/** After so many milliseconds without a message the kernel is asked how the answer stands. */
const SILENCE = 4000;

/** The same for an answer that comes by snapshots only. */
const POLL = 1000;

/** A gap that a snapshot did not close is tried again after so many milliseconds. */
const AGAIN = 500;

/** Asks the kernel what came of an answer so far; rejects where that cannot be asked. */
export type AskSnapshot = () => Promise<Snapshot & { ended: boolean }>;

/** `cut`: no more is heard of it, as after a restart of the kernel. */
export type StreamState = 'running' | 'ended' | 'cut';

export interface AnswerStreamOptions {
  turn: string;
  /** The cell that waits for it, or empty. */
  cell: string;
  ask: AskSnapshot;
  /** Whether messages come; else it is read by snapshots alone. */
  hasComm?: boolean | undefined;
  clock?: Clock | undefined;
}

/**
 * One answer that is coming: keeps what came for views that look later, closes gaps by snapshots.
 *
 * Knows nothing of comms: it is told the data of each message.
 */
export class AnswerStream {
  readonly turn: string;
  readonly cell: string;
  readonly #reader = new StreamReader();
  readonly #ask: AskSnapshot;
  readonly #clock: Clock;
  readonly #silence: number;
  readonly #stepped = new Signal<this, Step[]>(this);
  readonly #stateChanged = new Signal<this, StreamState>(this);
  #steps: Step[] = [];
  #state: StreamState = 'running';
  #isAsking = false;
  #callOff: (() => void) | null = null;

  constructor({ turn, cell, ask, hasComm = true, clock = pageClock }: AnswerStreamOptions) {
    this.turn = turn;
    this.cell = cell;
    this.#ask = ask;
    this.#clock = clock;
    this.#silence = hasComm ? SILENCE : POLL;
    this.#watch(this.#silence);
  }

  get state(): StreamState {
    return this.#state;
  }

  /** All that came so far, neighbouring pieces of one kind joined. */
  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** What came since the last time. */
  get stepped(): ISignal<this, Step[]> {
    return this.#stepped;
  }

  get stateChanged(): ISignal<this, StreamState> {
    return this.#stateChanged;
  }

  /** The text or reasoning that came so far. */
  whole(kind: 'text' | 'reasoning'): string {
    return this.#steps.map((step) => (step.kind === kind ? step.text : '')).join('');
  }

  /** Read the data of one message. */
  take(data: unknown): void {
    if (this.#state !== 'running') {
      return;
    }
    const isInGap = this.#pass(this.#reader.take(data));
    if (isInGap) {
      void this.catchUp();
    } else {
      this.#watch(this.#silence);
    }
  }

  /** Ask for what is missing; also where nothing has shown that something is. */
  async catchUp(): Promise<void> {
    if (this.#isAsking || this.#state !== 'running') {
      return;
    }
    this.#isAsking = true;
    try {
      const snapshot = await this.#ask();
      const isInGap = this.#pass(this.#reader.attach(snapshot));
      if (snapshot.ended && !isInGap) {
        this.#end('ended');
      }
      this.#watch(isInGap ? AGAIN : this.#silence);
    } catch {
      this.#watch(POLL); // it may have been lost; the output of the cell has it all in the end
    } finally {
      this.#isAsking = false;
    }
  }

  /** Say that no more is heard of it. */
  cut(): void {
    this.#end('cut');
  }

  /** Say that the output of the cell has the whole answer. */
  finish(): void {
    this.#end('ended');
  }

  /** Hand on what was read; true if it shows that something is missing. */
  #pass(steps: Step[]): boolean {
    const shown = steps.filter(({ kind }) => kind !== 'gap');
    shown.forEach((step) => {
      this.#keep(step);
    });
    if (shown.length > 0) {
      this.#stepped.emit(shown);
    }
    if (steps.some(({ kind }) => kind === 'end' || kind === 'unreadable')) {
      this.#end('ended');
    }
    return steps.at(-1)?.kind === 'gap';
  }

  #keep(step: Step): void {
    const last = this.#steps.at(-1);
    if (isPiece(step) && last !== undefined && isPiece(last) && last.kind === step.kind) {
      this.#steps[this.#steps.length - 1] = { kind: step.kind, text: last.text + step.text };
    } else {
      this.#steps.push(step);
    }
  }

  #end(state: StreamState): void {
    if (this.#state !== 'running') {
      return;
    }
    this.#callOff?.();
    this.#state = state;
    this.#stateChanged.emit(state);
  }

  #watch(wait: number): void {
    this.#callOff?.();
    this.#callOff =
      this.#state === 'running' ? this.#clock.after(wait, () => void this.catchUp()) : null;
  }
}

function isPiece(step: Step): step is Step & { kind: 'text' | 'reasoning' } {
  return step.kind === 'text' || step.kind === 'reasoning';
}
