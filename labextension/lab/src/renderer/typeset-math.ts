import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';

import type { MathHook } from '../../../src/markdown-nodes';

/** So many formulas are kept as they look typeset. */
const KEPT = 500;

/**
 * Shows mathematics by JupyterLab's typesetter.
 *
 * It typesets an element some time after that is in the page. The open end of an answer is drawn again and again;
 * so that a formula in it does not jump each time, what a source looks like is kept and used at once.
 */
export class TypesetMath {
  readonly #typesetter: IRenderMime.ILatexTypesetter;
  readonly #typeset = new Map<string, DocumentFragment>();
  #waiting = new Map<HTMLElement, string>();
  #isAsked = false;

  constructor(typesetter: IRenderMime.ILatexTypesetter) {
    this.#typesetter = typesetter;
  }

  readonly hook: MathHook = (source, display) => {
    const tex = display ? `\\[${source}\\]` : `\\(${source}\\)`;
    const node = document.createElement('span');
    node.className = 'deepshi-tex';
    const known = this.#typeset.get(tex);
    if (known !== undefined) {
      node.append(known.cloneNode(true));
    } else {
      node.textContent = tex;
      this.#waiting.set(node, tex);
      this.#ask();
    }
    return node;
  };

  #ask(): void {
    if (!this.#isAsked) {
      this.#isAsked = true;
      requestAnimationFrame(() => {
        this.#isAsked = false;
        const waiting = this.#waiting;
        this.#waiting = new Map();
        for (const [node, tex] of waiting) {
          void this.#set(node, tex);
        }
      });
    }
  }

  async #set(node: HTMLElement, tex: string): Promise<void> {
    if (!node.isConnected) {
      return; // it was drawn anew, or is in a cell that is not on the page
    }
    await this.#typesetter.typeset(node);
    if (node.firstElementChild !== null && this.#typeset.size < KEPT) {
      const look = document.createDocumentFragment();
      look.append(...[...node.childNodes].map((child) => child.cloneNode(true)));
      this.#typeset.set(tex, look);
    }
  }
}
