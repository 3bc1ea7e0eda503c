import { RECORD } from '../deepshi-cells';
import { isListOf, isObject, isText, type Json } from '../json-shape';

/** What of a kernel's message is read. */
export interface KernelMessage {
  readonly header: { readonly msg_type: string; readonly date: string };
  readonly parent_header: object;
  readonly content: object;
}

const SHOWS = ['display_data', 'update_display_data', 'execute_result'];
/** So many runs of cells are remembered. */
const KEPT = 100;
/** An answer was recorded if it was asked for so many milliseconds before its cell ran. */
const EARLIER = 1000;

/**
 * Knows which answers came from a record and not from a service.
 *
 * A replayed answer is the same bytes as the first one, so a document cannot tell. What tells is the
 * time: the record of an answer says when it was asked for, the kernel when the cell began to run. So it
 * is known of cells that ran while this page was open, and only of those.
 */
export class Replays {
  readonly #begun = new Map<string, number>();
  readonly #turns = new Set<string>();

  /** Whether a turn is known to have been replayed when its cell last ran. */
  has(turn: string): boolean {
    return this.#turns.has(turn);
  }

  /** Take in what the kernel said to all; returns whether something new is known. */
  take({ header, parent_header: parent, content }: KernelMessage): boolean {
    const run = 'msg_id' in parent && isText(parent.msg_id) ? parent.msg_id : '';
    if (header.msg_type === 'execute_input') {
      this.#begin(run, header.date, content);
      return false;
    }
    const begun = this.#begun.get(run);
    if (begun === undefined || !SHOWS.includes(header.msg_type)) {
      return false;
    }
    const before = this.#turns.size;
    const told = recordsIn(content).filter((record) => this.#judge(record, begun));
    return told.length > 0 || this.#turns.size !== before;
  }

  #begin(run: string, date: string, content: object): void {
    const code = 'code' in content && isText(content.code) ? content.code : '';
    const begun = Date.parse(date);
    if (/^\s*%deepshi\b/m.test(code) || Number.isNaN(begun)) {
      return; // a command shows answers that it did not ask for
    }
    this.#begun.set(run, begun);
    const [oldest] = this.#begun.keys();
    if (this.#begun.size > KEPT && oldest !== undefined) {
      this.#begun.delete(oldest);
    }
  }

  /** Note of a record what it says; returns whether it was replayed. */
  #judge(record: Json, begun: number): boolean {
    const { id, calls } = record;
    if (!isText(id) || id === '' || !isListOf(calls, isObject)) {
      return false;
    }
    const times = calls.map(({ started }) => (isText(started) ? Date.parse(started) : NaN));
    const isReplayed = times.length > 0 && times.every((time) => time < begun - EARLIER);
    this.#turns[isReplayed ? 'add' : 'delete'](id);
    return isReplayed;
  }
}

function recordsIn(content: object): Json[] {
  const data = 'data' in content && isObject(content.data) ? content.data : {};
  const value = data[RECORD];
  const turns = isObject(value) ? value['turns'] : undefined;
  const all: unknown[] = Array.isArray(turns) ? turns : [value];
  return all.filter(isObject);
}
