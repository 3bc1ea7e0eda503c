import { Signal, type ISignal } from '@lumino/signaling';

import { pageClock, type Clock } from '../../../src/clock';
import type { DocumentState } from '../state/document-state';
import type { NotebookCell } from '../state/notebook-cell';

/** The states are told when nothing has changed for so many milliseconds. */
const QUIET = 150;
/** While a notebook goes on changing, they are told this often. */
const LONGEST = 1000;

/** Makes the states of cells; loaded when a notebook first holds a question. */
export type MakeState = (cells: readonly NotebookCell[]) => DocumentState;

export interface StateOptions {
  cells: () => readonly NotebookCell[];
  load: () => Promise<MakeState>;
  clock?: Clock | undefined;
}

/** The state of one document: computed a moment after the last change, never for each key. */
export class StateOfDocument {
  readonly #cells: () => readonly NotebookCell[];
  readonly #load: () => Promise<MakeState>;
  readonly #clock: Clock;
  readonly #changed = new Signal<this, DocumentState>(this);
  #make: MakeState | null = null;
  #state: DocumentState | null = null;
  #callOff: (() => void) | null = null;
  #since: number | null = null;
  #isDisposed = false;

  constructor({ cells, load, clock = pageClock }: StateOptions) {
    this.#cells = cells;
    this.#load = load;
    this.#clock = clock;
  }

  /** The state as it was last computed; null before that. */
  get state(): DocumentState | null {
    return this.#state;
  }

  /** The state was computed anew. */
  get changed(): ISignal<this, DocumentState> {
    return this.#changed;
  }

  /** Return the state as it is at this moment. */
  async now(): Promise<DocumentState> {
    this.#make ??= await this.#load();
    return this.#compute(this.#make);
  }

  /** Say that something changed. */
  touch(): void {
    const now = this.#clock.now();
    this.#since ??= now;
    const wait = Math.max(0, Math.min(QUIET, this.#since + LONGEST - now));
    this.#callOff?.();
    this.#callOff = this.#clock.after(wait, () => {
      this.#callOff = this.#since = null;
      void this.now();
    });
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#callOff?.();
    Signal.clearData(this);
  }

  #compute(make: MakeState): DocumentState {
    const state = make(this.#cells());
    this.#state = state;
    if (!this.#isDisposed) {
      this.#changed.emit(state);
    }
    return state;
  }
}
