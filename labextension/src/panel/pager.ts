import { button, make } from '../elements';

/** ◀ 2/3 ▶ */
export class Pager {
  readonly node = make('span', 'deepshi-pager');
  readonly #count: number;
  readonly #where = make('span', '');
  readonly #back: HTMLButtonElement;
  readonly #on: HTMLButtonElement;

  constructor(
    names: { label: string; previous: string; next: string },
    count: number,
    page: number,
    turned: (page: number) => void,
  ) {
    this.#count = count;
    this.#back = button('◀', 'deepshi-flat', () => {
      turned(this.page - 1);
    });
    this.#on = button('▶', 'deepshi-flat', () => {
      turned(this.page + 1);
    });
    this.node.role = 'group';
    this.node.ariaLabel = names.label;
    for (const [made, name] of [
      [this.#back, names.previous],
      [this.#on, names.next],
    ] as const) {
      made.ariaLabel = name;
      made.title = name;
    }
    this.node.append(this.#back, this.#where, this.#on);
    this.page = page;
  }

  #page = 0;

  get page(): number {
    return this.#page;
  }

  set page(page: number) {
    this.#page = page;
    this.#where.textContent = `${page + 1}/${this.#count}`;
    this.enable(true);
  }

  /** The buttons, first the one that goes back. */
  get buttons(): [HTMLButtonElement, HTMLButtonElement] {
    return [this.#back, this.#on];
  }

  /** Let its buttons be pressed, where there is a page to turn to. */
  enable(isEnabled: boolean): void {
    this.#back.disabled = !isEnabled || this.#page <= 0;
    this.#on.disabled = !isEnabled || this.#page >= this.#count - 1;
  }
}
