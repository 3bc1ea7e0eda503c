/** The popover with the parameters of a cell. */

import { button, make } from '../../../src/elements';
import { addRules } from '../../../src/style';
import type { CellParameters } from './cell-parameters';
import { controlRow, MODELS, type Row } from './control-row';
import { CONTROLS } from './controls';
import rules from './popover.css';
import type { Words } from './words';

export interface PopoverOptions {
  parameters: CellParameters;
  words: Words;
  /** What it stands below; asked again when the page moves. */
  anchor: () => DOMRect | null;
  /** Whether a click on a node leaves it open. */
  isOwn: (node: Node) => boolean;
  /** The models to offer. */
  models: Promise<readonly string[]>;
  /** It was closed; `byKey`: by one who uses the keyboard, so the focus goes back. */
  onClose: (returnFocus: boolean) => void;
}

/** Pixels between it and what it stands below, and the edges of the page. */
const GAP = 4;

/** Shows the parameters of a cell and writes what is changed into its first line. */
export class ParametersPopover {
  readonly node: HTMLElement;
  readonly #options: PopoverOptions;
  readonly #rows: Map<string, Row>;
  readonly #controls = make('fieldset', 'deepshi-edit-rows');
  readonly #note = make('p', 'deepshi-edit-note');
  readonly #listening = new AbortController();
  #isOpen = true;
  /** At the right of the cell, so that it leaves the question in sight. */
  #left = 0;

  constructor(options: PopoverOptions) {
    addRules('deepshi-edit-style', rules);
    this.#options = options;
    this.#rows = new Map(CONTROLS.map((control) => [control.name, this.#row(control)]));
    this.#note.role = 'status';
    this.node = this.#make();
    document.body.append(this.node);
    this.node.showPopover();
    this.#listen();
    this.#show();
    this.#left = (options.anchor()?.right ?? 0) - this.node.offsetWidth;
    this.#stand();
    this.#focusable()[1]?.focus();
    void options.models.then((models) => {
      this.#offer(models);
    });
  }

  /** Close it; the focus goes back to where it was, unless it is wanted elsewhere. */
  close({ returnFocus = true } = {}): void {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#listening.abort();
      this.node.remove();
      this.#options.parameters.dispose();
      this.#options.onClose(returnFocus);
    }
  }

  #row(control: (typeof CONTROLS)[number]): Row {
    const { parameters, words } = this.#options;
    const { name } = control;
    return controlRow(control, words, {
      set: (value) => {
        parameters.set(name, value);
      },
      move: (value) => {
        parameters.move(name, value);
      },
      release: (byKey) => {
        parameters.release({ byKey });
      },
      tell: (problem) => {
        this.#note.textContent = problem;
      },
    });
  }

  #make(): HTMLElement {
    const { words } = this.#options;
    const title = make('h2', 'deepshi-edit-title', words.title);
    title.id = 'deepshi-edit-title';
    const close = button('×', 'deepshi-edit-close', () => {
      this.close();
    });
    close.ariaLabel = words.close;
    close.title = words.close;
    this.#controls.append(...[...this.#rows.values()].map(({ node }) => node));
    this.#controls.setAttribute('aria-labelledby', title.id);
    const models = make('datalist', '');
    models.id = MODELS;
    const head = make('div', 'deepshi-edit-head', title, close);
    const node = make('div', 'deepshi-edit', head, this.#controls, this.#note, models);
    node.role = 'dialog';
    node.setAttribute('aria-labelledby', title.id);
    node.popover = 'manual';
    return node;
  }

  #offer(models: readonly string[]): void {
    const options = models.map((id) => {
      const option = make('option', '');
      option.value = id;
      return option;
    });
    this.node.querySelector('datalist')?.replaceChildren(...options);
  }

  #listen(): void {
    const { signal } = this.#listening;
    const { parameters } = this.#options;
    parameters.changed.connect(() => {
      this.#show();
    });
    this.node.addEventListener('keydown', this.#onKey, { signal });
    document.addEventListener('pointerdown', this.#onPointer, { signal, capture: true });
    const move = (): void => {
      requestAnimationFrame(() => {
        this.#stand();
      });
    };
    document.addEventListener('scroll', move, { signal, capture: true, passive: true });
    window.addEventListener('resize', move, { signal });
  }

  #show(): void {
    const { parameters, words } = this.#options;
    if (!parameters.isQuestion) {
      this.close({ returnFocus: false });
      return;
    }
    const { values } = parameters;
    this.#controls.disabled = values === null;
    this.#note.textContent = values === null ? words.unreadable : '';
    if (values !== null) {
      this.#rows.forEach((row, name) => {
        row.show(values[name]);
      });
    }
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      this.close();
    } else if (event.key === 'Tab') {
      this.#keepFocus(event);
      return;
    } else if (isUndo(event) && !isTextField(event.target)) {
      this.#options.parameters[event.shiftKey ? 'redo' : 'undo']();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  /** The popover stands at the end of the page; Tab goes round in it and not out of the page. */
  #keepFocus(event: KeyboardEvent): void {
    const all = this.#focusable();
    const [first, last] = [all[0], all.at(-1)];
    const from = event.shiftKey ? first : last;
    if (document.activeElement === from) {
      event.preventDefault();
      (event.shiftKey ? last : first)?.focus();
    }
  }

  #focusable(): HTMLElement[] {
    const all = this.node.querySelectorAll<HTMLElement>('button, input');
    return [...all].filter((one) => !one.hidden && !one.matches(':disabled'));
  }

  readonly #onPointer = ({ target }: PointerEvent): void => {
    if (target instanceof Node && !this.node.contains(target) && !this.#options.isOwn(target)) {
      this.close({ returnFocus: false });
    }
  };

  /** Stand below the line, or above it where there is more room. */
  #stand(): void {
    const anchor = this.#options.anchor();
    if (anchor === null) {
      this.close({ returnFocus: false });
      return;
    }
    const { clientWidth, clientHeight } = document.documentElement;
    const { offsetWidth, offsetHeight, style } = this.node;
    const below = clientHeight - anchor.bottom - 2 * GAP;
    const isBelow = offsetHeight <= below || below >= anchor.top;
    const wanted = isBelow ? anchor.bottom + GAP : anchor.top - GAP - offsetHeight;
    const lowest = clientHeight - offsetHeight - GAP;
    style.top = `${Math.max(GAP, Math.min(wanted, lowest))}px`;
    style.left = `${Math.max(GAP, Math.min(this.#left, clientWidth - offsetWidth - GAP))}px`;
  }
}

function isUndo({ key, ctrlKey, metaKey }: KeyboardEvent): boolean {
  return (ctrlKey || metaKey) && key.toLowerCase() === 'z';
}

/** Whether a field has an undo of its own. */
function isTextField(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && target.type !== 'range';
}
