import { button, make } from '../elements';
import { words } from './words';

/** The expressions whose values are sent along, and a field that adds one. */
export class Attachments {
  readonly node = make('div', 'deepshi-attachments');
  /** Opens the field. */
  readonly opener: HTMLButtonElement;
  readonly #chips = make('ul', 'deepshi-chips');
  readonly #form = make('form', 'deepshi-attach');
  readonly #field = make('input', 'deepshi-field');
  readonly #after: () => void;
  #expressions: string[] = [];

  /** @param after Called when the field closes, to give the focus back. */
  constructor(after: () => void) {
    this.#after = after;
    this.opener = button(words.attach, 'deepshi-flat', () => {
      this.#open(this.#form.hidden !== false);
    });
    this.opener.title = words.attachHelp;
    this.#field.ariaLabel = words.expression;
    this.#field.placeholder = words.expressionHelp;
    this.#field.autocomplete = 'off';
    this.#field.spellcheck = false;
    const add = make('button', '', words.add);
    add.type = 'submit';
    const cancel = button(words.cancel, 'deepshi-flat', () => {
      this.#open(false);
    });
    this.#form.append(this.#field, add, cancel);
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#add();
    });
    this.#form.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !event.isComposing) {
        event.stopPropagation();
        this.#open(false);
      }
    });
    this.#chips.ariaLabel = words.attached;
    this.node.append(this.#chips, this.#form);
    this.#form.hidden = true;
    this.expressions = [];
  }

  get expressions(): string[] {
    return this.#expressions;
  }

  set expressions(expressions: string[]) {
    this.#expressions = expressions;
    this.#chips.hidden = expressions.length === 0;
    this.#chips.replaceChildren(...expressions.map((each) => this.#chip(each)));
  }

  /** Return the expressions, with the one that is in the field, and empty both. */
  take(): string[] {
    this.#add();
    const taken = this.#expressions;
    this.expressions = [];
    this.#form.hidden = true;
    this.opener.ariaExpanded = 'false';
    return taken;
  }

  #open(isOpen: boolean): void {
    this.#form.hidden = !isOpen;
    this.opener.ariaExpanded = String(isOpen);
    if (isOpen) {
      this.#field.focus();
    } else {
      this.#field.value = '';
      this.#after();
    }
  }

  #add(): void {
    const expression = this.#field.value.trim();
    this.#field.value = '';
    if (expression !== '' && !this.#expressions.includes(expression)) {
      this.expressions = [...this.#expressions, expression];
    }
  }

  #chip(expression: string): HTMLElement {
    const remove = button('×', 'deepshi-flat', () => {
      this.expressions = this.#expressions.filter((each) => each !== expression);
      this.#after();
    });
    remove.ariaLabel = words.remove(expression);
    return make('li', 'deepshi-chip', make('code', '', expression), remove);
  }
}
