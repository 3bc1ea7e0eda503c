/** `%%deepshi` cells are markdown, other code cells are what their notebook is. */

import type { ISignal } from '@lumino/signaling';

import { magicLineOf } from './first-line';

/** The MIME type of markdown with mathematics, as JupyterLab's markdown cells have it. */
export const MARKDOWN = 'text/x-ipythongfm';

/** What of a cell's model is used. */
export interface LanguageCell {
  readonly type: string;
  readonly sharedModel: { getSource(): string };
  mimeType: string;
  readonly contentChanged: ISignal<unknown, unknown>;
  readonly mimeTypeChanged: ISignal<unknown, unknown>;
}

/** What of a notebook's model is used: its cells, and what tells that there are other ones. */
export interface LanguageCells extends Iterable<LanguageCell> {
  readonly changed: ISignal<unknown, unknown>;
}

/**
 * Let the cells of a notebook have the language of what stands in them.
 *
 * @param cells The cells; new ones are followed as they come.
 * @param codeType Gives the MIME type of the notebook's code.
 */
export function followLanguages(cells: LanguageCells, codeType: () => string): void {
  const known = new WeakSet<LanguageCell>();
  const followAll = (): void => {
    for (const cell of cells) {
      if (cell.type === 'code' && !known.has(cell)) {
        known.add(cell);
        follow(cell, codeType);
      }
    }
  };
  cells.changed.connect(followAll);
  followAll();
}

function follow(cell: LanguageCell, codeType: () => string): void {
  const set = (): void => {
    const isQuestion = magicLineOf(cell.sharedModel.getSource()) !== null;
    if (isQuestion && cell.mimeType !== MARKDOWN) {
      cell.mimeType = MARKDOWN;
    } else if (!isQuestion && cell.mimeType === MARKDOWN && codeType() !== MARKDOWN) {
      cell.mimeType = codeType();
    }
  };
  cell.contentChanged.connect(set);
  cell.mimeTypeChanged.connect(set);
  set();
}
