/**
 * Cells in the order of a document → which answers still fit what stands above them.
 *
 * The twin of `deepshi_jupyter/core/staleness.py`. The context of each turn is built again from the
 * turns that stand above it now, and its chain compared with the one that its record keeps.
 */

import type { CellView, ShownRecord } from './cell-view';
import { Above, type Wanted } from './conversation';
import { marksOf, type Mark, type Marks } from './mark';
import { Turn } from './turn';
import type { TurnRecord } from './turn-record';

/** What an answer is, gravest first; `fresh` stands alone. */
export type State =
  | 'copied'
  | 'answer-edited'
  | 'partial'
  | 'edited'
  | 'params-changed'
  | 'context-changed'
  | 'unsent'
  | 'fresh';

/** What became of one question of a cell. */
export interface QuestionStatus {
  readonly view: CellView;
  /** The place of its cell in the document, from 0. */
  readonly index: number;
  /** What is so, gravest first; `['fresh']` if all is well. */
  readonly states: readonly State[];
  /** A sentence for each state that is not `fresh`. */
  readonly reasons: readonly string[];
  /** The visible turn with its answer as it stands, or null. */
  readonly turn: Turn | null;
  /**
   * Whether the turn's own hashes could not be checked here, because `JSON.parse` rounds a large
   * number in it; the kernel can. It is taken for what it says it is.
   */
  readonly isUnchecked: boolean;
}

/** A code cell at its place in the document. */
export interface PlacedView {
  readonly index: number;
  readonly view: CellView;
}

type Found = readonly [State, string];

/** One reading of a document from its top, all of it or cell by cell. */
export class Reading {
  /** What holds after all marks of the document. */
  readonly marks: Marks;
  /** The turns that were read so far. */
  readonly above: Above;
  readonly #replaced: readonly Mark[];
  readonly #chosen: ReadonlySet<string>;
  readonly #restored: ReadonlyMap<string, Mark>;
  readonly #seen = new Set<string>();

  /** @param marks The marks of the whole document, oldest first. */
  constructor(marks: readonly Mark[]) {
    this.#replaced = marks.filter(({ mark }) => mark === 'pick' || mark === 'again');
    this.#chosen = new Set(marks.filter(({ mark }) => mark === 'pick').map(({ turn }) => turn));
    const restored = marks.filter(({ mark, cell }) => mark === 'restore' && cell !== '');
    this.#restored = new Map(restored.map((mark) => [mark.cell, mark]));
    this.marks = marksOf(marks);
    this.above = new Above(this.marks);
  }

  /** Return the status of every question of the next cell. */
  read({ view, index }: PlacedView): QuestionStatus[] {
    const records = this.#records(view);
    if (records.length === 0 && view.asking !== null) {
      return [unsent(view, index)];
    }
    return records.map((record) => this.#judge(view, index, record));
  }

  /** Return the turns of a cell, each with its answer as it is shown. */
  #records(view: CellView): readonly ShownRecord[] {
    let { records } = view;
    if (view.asking !== null) {
      const last = records.at(-1);
      if (last === undefined) {
        return this.#broughtBack(view);
      }
      // Of a comparison all are shown; of what ran twice, the last answer.
      records = last.record.start === 'aside' ? records : [last];
    }
    return records.map((shown) => this.#picked(shown));
  }

  /** Return the turn that a command has brought back to a cleared cell, if it still fits. */
  #broughtBack(view: CellView): ShownRecord[] {
    const record = this.#restored.get(view.cell.id)?.record ?? null;
    const fits = record !== null && record.sourceSha256 === view.asking?.sourceSha256;
    return fits ? [{ record, reading: record }] : [];
  }

  /** Return the version of a turn that counts. */
  #picked(shown: ShownRecord): ShownRecord {
    return this.#replaced.reduce((found, { insteadOf, record }) => {
      const { id } = found.record;
      const isReplaced = record !== null && id !== '' && insteadOf === id;
      return isReplaced ? { record, reading: record } : found;
    }, shown);
  }

  #judge(view: CellView, index: number, { record, reading }: ShownRecord): QuestionStatus {
    const found = [
      ...this.#copied(record),
      ...answerEdited(record, reading),
      ...partial(record),
      ...this.#cellChanged(view, record),
      ...this.#contextChanged(record),
    ];
    const turn = new Turn(reading, index, view.cell.id, view.cell.executionCount ?? 0);
    if (!found.some(([state]) => state === 'copied')) {
      this.above.add(turn);
    }
    this.#seen.add(record.id);
    return {
      view,
      index,
      states: found.length > 0 ? found.map(([state]) => state) : ['fresh'],
      reasons: found.map(([, reason]) => reason),
      turn,
      isUnchecked: !record.isCheckable,
    };
  }

  #copied(record: TurnRecord): Found[] {
    return record.id !== '' && this.#seen.has(record.id)
      ? [['copied', 'the same turn stands further up; run the cell to ask for itself']]
      : [];
  }

  /** Compare the cell with what was asked; a version that was chosen may have asked else. */
  #cellChanged(view: CellView, record: TurnRecord): Found[] {
    return this.#chosen.has(record.id)
      ? []
      : [...edited(view, record), ...paramsChanged(view, record)];
  }

  #contextChanged(record: TurnRecord): Found[] {
    if (record.tip === '' || this.above.parent(wanted(record), record.cut) === record.parent) {
      return []; // version 1 kept no chain
    }
    if (record.fork !== null && !this.above.has(record.fork)) {
      return [['context-changed', 'the turn that it was forked from is no longer above']];
    }
    return [['context-changed', 'what stands above is not what was sent']];
  }
}

/** Return what a turn said of its context; a file does not know what was set meanwhile. */
function wanted(record: TurnRecord): Wanted {
  const { chat, start, fork, systemFrom } = record;
  const isOwn = systemFrom === 'cell' || systemFrom === 'setting';
  return { chat, start, fork, system: isOwn ? record.system : null };
}

function unsent(view: CellView, index: number): QuestionStatus {
  const reasons = ['there is no answer; run it, or restore it'];
  return { view, index, states: ['unsent'], reasons, turn: null, isUnchecked: false };
}

function answerEdited(record: TurnRecord, reading: TurnRecord): Found[] {
  if (reading !== record) {
    return [['answer-edited', 'the answer that is shown is not the one that came']];
  }
  const isHashed = record.tip !== '' && record.kind !== 'partial';
  return isHashed && record.chained(record.parent) !== record.tip
    ? [['answer-edited', 'the messages of the record do not have the hash that it keeps']]
    : [];
}

function partial(record: TurnRecord): Found[] {
  return record.isPartial ? [['partial', 'the answer broke off; it is not sent on']] : [];
}

function edited(view: CellView, record: TurnRecord): Found[] {
  const isSame = record.sourceSha256 === '' || record.sourceSha256 === view.sourceSha256;
  return isSame ? [] : [['edited', "the cell's text has changed since it was asked"]];
}

function paramsChanged({ asking }: CellView, record: TurnRecord): Found[] {
  if (asking === null || record.tip === '') {
    return [];
  }
  const { options } = asking;
  const isSame =
    options.length === record.options.length &&
    options.every((word, place) => word === record.options[place]);
  if (isSame) {
    return [];
  }
  const before = record.options.join(' ') || 'no options';
  return [['params-changed', `asked with ${before}, now ${options.join(' ') || 'none'}`]];
}
