import { pageClock, type Clock } from '../../src/clock';
import type { Order, PlacedCell } from './protocol';
import { textSha256 } from './state/text-hash';

/** Changes are told when none has come for so many milliseconds. */
const QUIET = 400;

export interface SourceOfCell {
  id: string;
  source: string;
}

export interface CellOrderOptions {
  /** The cells from the top, as they are now. */
  cells: () => Iterable<SourceOfCell>;
  send: (order: Omit<Order, 'seq'>) => void;
  clock?: Clock | undefined;
}

/** Tells the kernel which cells there are, in which order, and which are about to run. */
export class CellOrder {
  readonly #cells: () => Iterable<SourceOfCell>;
  readonly #send: (order: Omit<Order, 'seq'>) => void;
  readonly #clock: Clock;
  #hashed = new Map<string, { source: string; sha256: string }>();
  #told: string | null = null;
  #callOff: (() => void) | null = null;
  /** Cells that were scheduled in this task after the first one. */
  #following: string[] | null = null;

  constructor({ cells, send, clock = pageClock }: CellOrderOptions) {
    this.#cells = cells;
    this.#send = send;
    this.#clock = clock;
  }

  /** Say that cells came, went, moved or were edited. */
  changed(): void {
    this.#callOff?.();
    this.#callOff = this.#clock.after(QUIET, () => {
      this.#callOff = null;
      this.#tell([], true);
    });
  }

  /**
   * Say that a cell is about to run; to be called before it is sent to the kernel.
   *
   * Run All schedules all cells in one task: the first tells the order, and the others are told
   * together at the end of the task, so that 300 cells do not tell 300 orders.
   */
  runs(cell: string): void {
    if (this.#following !== null) {
      this.#following.push(cell);
      return;
    }
    this.#following = [];
    this.#tell([cell], false);
    queueMicrotask(() => {
      const following = this.#following ?? [];
      this.#following = null;
      if (following.length > 0) {
        this.#tell(following, false);
      }
    });
  }

  /** Tell a kernel that knows nothing yet. */
  tellAll(): void {
    this.#tell([], false);
  }

  dispose(): void {
    this.#callOff?.();
  }

  #tell(runs: string[], onlyNew: boolean): void {
    const cells = this.#placed();
    const told = cells.map(({ id, sha256: hash }) => `${id} ${hash}`).join('\n');
    if (!onlyNew || told !== this.#told) {
      this.#told = told;
      this.#send({ cells, runs });
    }
  }

  /** The cells with their hashes; only what was edited is hashed anew. */
  #placed(): PlacedCell[] {
    const known = this.#hashed;
    this.#hashed = new Map();
    return Array.from(this.#cells(), ({ id, source }) => {
      const before = known.get(id);
      const hash = before?.source === source ? before.sha256 : textSha256(source);
      this.#hashed.set(id, { source, sha256: hash });
      return { id, sha256: hash };
    });
  }
}
