import { button, make } from '../elements';
import { Popup } from './popup';

/** A button that opens a few choices. */
export class Menu {
  readonly node = make('div', 'deepshi-menu');
  readonly button: HTMLButtonElement;
  readonly #choices: [key: string, label: string][];
  readonly #onChoice: (key: string) => void;
  #popup: Popup | null = null;

  constructor(
    label: string,
    choices: [key: string, label: string][],
    onChoice: (key: string) => void,
  ) {
    this.#choices = choices;
    this.#onChoice = onChoice;
    this.button = button(label, 'deepshi-opens', () => {
      this.#toggle();
    });
    this.button.ariaHasPopup = 'menu';
    this.button.ariaExpanded = 'false';
    this.node.append(this.button);
  }

  #toggle(): void {
    const popup = (this.#popup ??= this.#make()); // most menus are never opened
    if (popup.isOpen) {
      popup.close();
    } else {
      popup.open();
      this.#items()[0]?.focus();
    }
  }

  #make(): Popup {
    const popup = new Popup(this.button);
    popup.node.role = 'menu';
    popup.node.ariaLabel = this.button.textContent;
    for (const [key, label] of this.#choices) {
      const item = button(label, 'deepshi-item', () => {
        popup.close();
        this.#onChoice(key);
      });
      item.role = 'menuitem';
      item.tabIndex = -1;
      popup.node.append(item);
    }
    popup.node.addEventListener('keydown', (event) => {
      this.#pressed(event, popup);
    });
    this.node.append(popup.node);
    return popup;
  }

  #pressed(event: KeyboardEvent, popup: Popup): void {
    const items = this.#items();
    const at = items.findIndex((item) => item.matches(':focus'));
    const to: Record<string, number> = {
      ArrowDown: (at + 1) % items.length,
      ArrowUp: (at + items.length - 1) % items.length,
      Home: 0,
      End: items.length - 1,
    };
    const next = to[event.key];
    if (next !== undefined) {
      items[next]?.focus();
      event.preventDefault();
    } else if (event.key === 'Tab') {
      popup.close();
    }
  }

  #items(): HTMLButtonElement[] {
    return [...(this.#popup?.node.querySelectorAll('button') ?? [])];
  }
}
