import { pageClock, type Clock } from './clock';
import { make } from './elements';
import { MarkdownView, type MarkdownOptions } from './markdown-view';

/** The reasoning of a model: folded, with the time that it took; drawn only when unfolded. */
export class ReasoningView {
  readonly node = make('details', 'deepshi-reasoning');
  readonly #title = make('summary', '');
  readonly #text: MarkdownView;
  readonly #clock: Clock;
  readonly #begun: number;
  #waiting = '';
  #callOff: (() => void) | null = null;
  #hasEnded = false;

  constructor(options: MarkdownOptions = {}) {
    this.#clock = options.clock ?? pageClock;
    this.#begun = this.#clock.now();
    this.#text = new MarkdownView(options);
    this.node.append(this.#title, this.#text.node);
    this.node.addEventListener('toggle', () => {
      this.#pass();
    });
    this.#tick();
  }

  /** Add a piece. */
  append(piece: string): void {
    this.#waiting += piece;
    this.#pass();
  }

  /**
   * Say that the reasoning is over.
   *
   * @param seconds How long it took, where that is known better than by the clock of the page;
   *   null where nobody knows.
   */
  end(seconds: number | null = this.#elapsed()): void {
    if (this.#hasEnded) {
      return;
    }
    this.#callOff?.();
    this.#hasEnded = true;
    this.#title.textContent =
      seconds === null ? 'Reasoning' : `Reasoning · ${seconds.toFixed(1)} s`;
    this.#pass();
  }

  /** Hand on what came, if anybody looks at it. */
  #pass(): void {
    if (!this.node.open) {
      return;
    }
    this.#text.append(this.#waiting);
    this.#waiting = '';
    if (this.#hasEnded) {
      this.#text.end();
    }
  }

  #tick(): void {
    this.#title.textContent = `Thinking · ${Math.floor(this.#elapsed()).toString()} s`;
    this.#callOff = this.#clock.after(1000, () => {
      this.#tick();
    });
  }

  #elapsed(): number {
    return (this.#clock.now() - this.#begun) / 1000;
  }
}
