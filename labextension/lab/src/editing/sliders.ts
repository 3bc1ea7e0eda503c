/** The popover of the cell that is being edited; loaded when one is first opened. */

import type { Cell } from '@jupyterlab/cells';
import type { CodeMirrorEditor } from '@jupyterlab/codemirror';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IKernelLinks } from '../tokens';
import { CellParameters } from './cell-parameters';
import { magicLineOf } from './first-line';
import { ModelNames } from './model-names';
import { ParametersPopover } from './popover';
import { wordsIn } from './words';

/** Opens the popover of a cell; one at a time. */
export class Sliders {
  readonly #links: IKernelLinks;
  readonly #trans: TranslationBundle;
  readonly #models = new ModelNames();
  #open: { popover: ParametersPopover; cell: Cell } | null = null;

  constructor(links: IKernelLinks, trans: TranslationBundle) {
    this.#links = links;
    this.#trans = trans;
  }

  /** Open the popover of a `%%deepshi` cell, or close it. */
  toggle(panel: NotebookPanel, cell: Cell): void {
    const isOpen = this.#open?.cell === cell;
    this.close();
    if (isOpen) {
      return;
    }
    const before = document.activeElement;
    const popover = new ParametersPopover({
      parameters: new CellParameters(cell.model.sharedModel),
      words: wordsIn(this.#trans),
      anchor: () => anchorOf(cell),
      isOwn: (node) => cell.editorWidget?.node.contains(node) ?? false,
      models: this.#models.of(this.#links.of(panel.context)),
      onClose: (returnFocus) => {
        this.#open = null;
        if (returnFocus && before instanceof HTMLElement) {
          before.focus();
        }
      },
    });
    this.#open = { popover, cell };
  }

  /** Close the popover; the focus stays where it is. */
  close(): void {
    this.#open?.popover.close({ returnFocus: false });
  }
}

/** Return where the first line of a cell stands in the page; null if it is not there. */
function anchorOf(cell: Cell): DOMRect | null {
  const view = (cell.editor as CodeMirrorEditor | null)?.editor;
  if (!cell.isVisible || view?.dom.isConnected !== true) {
    return null;
  }
  const line = magicLineOf(view.state.doc.toString());
  const place = view.coordsAtPos(line?.to ?? 0);
  const { left, width, top } = view.contentDOM.getBoundingClientRect();
  const [from, to] = place === null ? [top, top] : [place.top, place.bottom];
  return new DOMRect(left, from, width, to - from);
}
