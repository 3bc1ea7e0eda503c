import type { Cell, CodeCell } from '@jupyterlab/cells';
import type { Notebook } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';

import { addRules } from '../../../src/style';
import type { StateOfDocument } from '../document-states/state-of-document';
import { contextOf, type CellContext } from '../state/cell-context';
import type { CellState, DocumentState } from '../state/document-state';
import { badgeOf, type Badge, type Seen } from './badge';
import rules from './badges.css';
import { CellMargin, type Room } from './cell-margin';
import { ContextChoice, marksOf, type ContextMark, type Shown } from './context-marks';
import { openState } from './state-popup';
import type { BadgeWords } from './words';

const SENT = 'deepshi-context-sent';
const LEFT = 'deepshi-context-left';

export interface BadgesOptions {
  readonly notebook: Notebook;
  readonly state: StateOfDocument;
  readonly words: BadgeWords;
  readonly seen: Omit<Seen, 'isRunning'>;
  readonly run: (cell: Cell) => void;
  readonly runStale: () => void;
}

/** The context that is shown: of which cell, and the marks of the others. */
interface ShownContext {
  readonly of: string;
  readonly context: CellContext;
  readonly marks: ReadonlyMap<string, ContextMark>;
}

/** The badges of one view of a notebook, and the marks of the context that is looked at. */
export class NotebookBadges {
  readonly #options: BadgesOptions;
  readonly #notebook: Notebook;
  readonly #margins = new Map<Cell, CellMargin>();
  readonly #choice = new ContextChoice();
  #pointed: string | null = null;
  #context: ShownContext | null = null;
  #frame = 0;

  constructor(options: BadgesOptions) {
    addRules('deepshi-badges-style', rules);
    this.#options = options;
    const notebook = (this.#notebook = options.notebook);
    options.state.changed.connect(this.#onState, this);
    notebook.activeCellChanged.connect(this.#onState, this);
    notebook.modelContentChanged.connect(this.#onContent, this);
    notebook.disposed.connect(() => {
      this.dispose();
    });
    this.#update();
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    Signal.clearData(this);
    this.#margins.clear();
  }

  /** What is known beside the notebook has changed. */
  refresh(): void {
    this.#update();
  }

  get isContextShown(): boolean {
    const { active } = this.#shown();
    return active !== null && this.#choice.isShown(active);
  }

  /** Show the context of the active cell, or hide it. */
  toggleContext(): void {
    const { active } = this.#shown();
    if (active !== null) {
      this.#choice.toggle(active);
      this.#update();
    }
  }

  /** Whether a cell has a badge. */
  hasBadge(cell: Cell | null): boolean {
    return cell !== null && this.#margins.has(cell);
  }

  /** Open the popover of a cell's badge. */
  async explain(cell: Cell): Promise<void> {
    const margin = this.#margins.get(cell);
    if (margin !== undefined && !cell.isAttached) {
      await this.#notebook.scrollToItem(this.#notebook.widgets.indexOf(cell));
    }
    const found = this.#stateOf(cell);
    if (margin?.badge.isConnected === true && found !== undefined) {
      this.#open(cell, found, margin);
    }
  }

  #onState(): void {
    this.#update();
  }

  /** A cell that was moved has another widget; the state comes later, the badge at once. */
  #onContent(): void {
    if (this.#frame === 0) {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        if (this.#options.state.state !== null && this.#hasNewCells()) {
          this.#update();
        }
      });
    }
  }

  #hasNewCells(): boolean {
    const withState = new Set(this.#options.state.state?.cells.map(({ id }) => id));
    return this.#notebook.widgets.some(
      (cell) => !this.#margins.has(cell) && withState.has(cell.model.id),
    );
  }

  #update(): void {
    const { state } = this.#options.state;
    if (state === null || this.#notebook.isDisposed) {
      return;
    }
    this.#context = this.#contextNow(state);
    const known = new Map(state.cells.map((cell) => [cell.id, cell]));
    const here = new Set<Cell>(this.#notebook.widgets);
    for (const cell of here) {
      const found = known.get(cell.model.id);
      this.#mark(cell);
      if (found !== undefined) {
        this.#show(cell, found);
      }
    }
    for (const [cell, margin] of this.#margins) {
      if (!here.has(cell) || !known.has(cell.model.id)) {
        margin.remove();
        this.#margins.delete(cell);
      }
    }
  }

  #contextNow(state: DocumentState): ShownContext | null {
    const of = this.#choice.subject(this.#shown());
    const place = of === null ? -1 : state.views.findIndex(({ view }) => view.cell.id === of);
    const index = state.views[place]?.index;
    if (of === null || index === undefined) {
      return null;
    }
    const context = contextOf(state, index);
    return { of, context, marks: marksOf(context) };
  }

  #shown(): Shown {
    const cell = this.#notebook.activeCell;
    if (cell?.model.type !== 'code') {
      return { pointed: this.#pointed, active: null };
    }
    const { id } = cell.model;
    const isAsking = this.#options.state.state?.cells.find((one) => one.id === id)?.isAsking;
    return { pointed: this.#pointed, active: { id, isAsking: isAsking === true } };
  }

  #mark(cell: Cell): void {
    const mark = this.#context?.marks.get(cell.model.id);
    cell.toggleClass(SENT, mark?.isSent === true);
    cell.toggleClass(LEFT, mark?.isSent === false);
  }

  #show(cell: Cell, state: CellState): void {
    const margin = this.#margins.get(cell) ?? this.#add(cell);
    const { id } = cell.model;
    const shown = this.#context;
    margin.show({
      badge: this.#badgeOf(cell, state),
      room: roomOf(cell),
      mark: shown?.marks.get(id) ?? null,
      above: shown?.of === id ? this.#options.words.above(shown.context) : '',
    });
    margin.badge.tabIndex = cell === this.#notebook.activeCell ? 0 : -1;
  }

  /** Append to the cell itself: what JupyterLab makes of it later comes before. */
  #add(cell: Cell): CellMargin {
    const margin = new CellMargin(this.#options.words, {
      pressed: () => {
        void this.explain(cell);
      },
      pointed: (isPointed) => {
        this.#pointed = isPointed ? cell.model.id : null;
        this.#update();
      },
    });
    this.#margins.set(cell, margin);
    cell.node.append(margin.node);
    cell.model.stateChanged.connect(this.#onCell, this);
    cell.model.metadataChanged.connect(this.#onCell, this);
    return margin;
  }

  /** A cell began to run or ended, or was collapsed. */
  #onCell(): void {
    this.#onState();
  }

  #badgeOf(cell: Cell, state: CellState): Badge {
    const isRunning = (cell as CodeCell).model.executionState === 'running';
    return badgeOf(state, { ...this.#options.seen, isRunning });
  }

  #stateOf(cell: Cell): CellState | undefined {
    return this.#options.state.state?.cells.find(({ id }) => id === cell.model.id);
  }

  #open(cell: Cell, found: CellState, margin: CellMargin): void {
    const { words, state, run, runStale } = this.#options;
    const badge = this.#badgeOf(cell, found);
    const context =
      state.state !== null && badge.isAsking
        ? [words.context(contextOf(state.state, found.index))]
        : [];
    openState(margin.badge, {
      title: words.kind(badge.kind),
      meaning: words.meaning(badge),
      reasons: words.reasons(badge),
      facts: [words.facts(badge), ...context].filter((line) => line !== ''),
      actions: actionsOf(badge).map((action) =>
        action === 'stale'
          ? { label: words.runStale, run: runStale }
          : {
              label: action === 'again' ? words.runAgain : words.runFirst,
              run: () => {
                run(cell);
              },
            },
      ),
    });
  }
}

type Action = 'again' | 'first' | 'stale';

/** What a popover offers: nothing for an answer that fits, or is on its way. */
function actionsOf({ kind, stale }: Badge): Action[] {
  if (kind === 'unsent') {
    return ['first'];
  }
  return stale > 0 && kind !== 'asking' ? ['again', 'stale'] : [];
}

/** How much room there is below the number of a cell. */
function roomOf(cell: Cell): Room {
  if (cell.inputHidden) {
    return 'collapsed';
  }
  return cell.model.sharedModel.getSource().includes('\n') ? 'lines' : 'line';
}
