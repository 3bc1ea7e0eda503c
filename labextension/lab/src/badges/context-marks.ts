/** The context of a cell → how each cell above it is marked. */

import type { CellContext, ContextTurn } from '../state/cell-context';

/** How a cell of the same conversation is marked. */
export interface ContextMark {
  /** Whether something of it is sent. */
  readonly isSent: boolean;
  /** About how many tokens of it are sent, or would be. */
  readonly tokens: number;
  readonly isPinned: boolean;
  /** Why something of it is not sent, such as `skipped`. */
  readonly why: readonly string[];
}

/** Return the marks by the ids of the cells. */
export function marksOf({ turns }: CellContext): Map<string, ContextMark> {
  const cells = new Map<string, ContextTurn[]>();
  for (const turn of turns) {
    cells.set(turn.cell, [...(cells.get(turn.cell) ?? []), turn]);
  }
  return new Map([...cells].map(([cell, list]) => [cell, markOf(list)]));
}

function markOf(turns: readonly ContextTurn[]): ContextMark {
  const sent = turns.filter(({ why }) => why === null);
  const weighed = sent.length > 0 ? sent : turns;
  return {
    isSent: sent.length > 0,
    tokens: weighed.reduce((sum, { tokens }) => sum + tokens, 0),
    isPinned: turns.some(({ isPinned }) => isPinned),
    why: [...new Set(turns.flatMap(({ why }) => why ?? []))],
  };
}

/** Whose context is to be shown. */
export interface Shown {
  /** The cell whose badge is pointed at, or null. */
  readonly pointed: string | null;
  readonly active: { readonly id: string; readonly isAsking: boolean } | null;
}

/** Decides whose context is shown; a command turns it on and off. */
export class ContextChoice {
  #isOn = true;
  /** A cell that asks nothing by itself whose context was asked for. */
  #wanted: string | null = null;

  /** Return the id of the cell whose context is to be shown, or null. */
  subject({ pointed, active }: Shown): string | null {
    if (pointed !== null || active === null) {
      return pointed;
    }
    return this.isShown(active) ? active.id : null;
  }

  /** Whether the context of the active cell is shown. */
  isShown(active: NonNullable<Shown['active']>): boolean {
    return this.#isOn && (active.isAsking || active.id === this.#wanted);
  }

  /** Show the context of the active cell, or show none until told otherwise. */
  toggle(active: NonNullable<Shown['active']>): void {
    const isShown = this.isShown(active);
    this.#isOn = !isShown;
    this.#wanted = isShown ? null : active.id;
  }
}
