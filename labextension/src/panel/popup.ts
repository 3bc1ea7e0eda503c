import { make } from '../elements';

/** Pixels between what opens a popup and the popup, and between the popup and the edge of the page. */
const GAP = 4;

/**
 * A box above everything else that a button opens, near the button.
 *
 * It is a popover of the browser, so no output area of a notebook cuts it off; Escape and a click
 * elsewhere close it.
 */
export class Popup {
  readonly node = make('div', 'deepshi-popup');
  readonly #opener: HTMLElement;
  #isOpen = false;

  constructor(opener: HTMLElement, onClose: () => void = () => undefined) {
    this.#opener = opener;
    this.node.popover = 'auto';
    opener.ariaExpanded = 'false';
    this.node.addEventListener('toggle', (event) => {
      if (event.newState === 'closed') {
        this.#closed();
        onClose();
      }
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  open(): void {
    if (!this.node.isConnected) {
      return; // its turn was drawn anew under the pointer
    }
    this.#isOpen = true;
    this.#opener.ariaExpanded = 'true';
    this.node.showPopover();
    this.#stand();
    document.addEventListener('scroll', this.#scrolled, { capture: true, passive: true });
  }

  /** Close it and give the focus back to what opened it. */
  close(): void {
    if (this.#isOpen) {
      const hadFocus = this.node.matches(':focus-within');
      this.node.hidePopover();
      this.#closed();
      if (hadFocus) {
        this.#opener.focus();
      }
    }
  }

  #closed(): void {
    this.#isOpen = false;
    this.#opener.ariaExpanded = 'false';
    document.removeEventListener('scroll', this.#scrolled, { capture: true });
  }

  /** A popup does not move with the page, so it closes when what is below it does. */
  readonly #scrolled = ({ target }: Event): void => {
    if (target instanceof Node && !this.node.contains(target) && target.contains(this.#opener)) {
      this.close();
    }
  };

  /** Stand below the button, or above it where there is more room. */
  #stand(): void {
    const { style } = this.node;
    const button = this.#opener.getBoundingClientRect();
    const { clientWidth: width, clientHeight: height } = document.documentElement;
    const [above, below] = [button.top - 2 * GAP, height - button.bottom - 2 * GAP];
    style.maxWidth = `${width - 2 * GAP}px`;
    const wanted = this.node.offsetHeight;
    const isBelow = wanted <= below || below >= above;
    style.maxHeight = `${Math.max(isBelow ? below : above, 120)}px`;
    const left = Math.min(button.left, width - this.node.offsetWidth - GAP);
    style.left = `${Math.max(left, GAP)}px`;
    style.top = isBelow ? `${button.bottom + GAP}px` : 'auto';
    style.bottom = isBelow ? 'auto' : `${height - button.top + GAP}px`;
  }
}
