import { cleanText } from '../clean-text';
import { pageClock, type Clock } from '../clock';
import { button, make } from '../elements';
import type { Problem, ShownValue } from './messages';
import { newId } from './new-id';
import { words } from './words';

/** Milliseconds without a key press before names are looked up. */
const PAUSE = 400;

const EXPRESSION = /\{\{[^]*?\}\}/;

export type OnPreview = (id: string, text: string, evaluate: boolean) => void;

/** What the `{{expressions}}` of a question stand for. */
export class PreviewView {
  readonly node = make('div', 'deepshi-preview');
  /** Evaluates the expressions; without it only plain names are looked up, and nothing runs. */
  readonly button: HTMLButtonElement;
  readonly #list = make('dl', '');
  readonly #onPreview: OnPreview;
  readonly #clock: Clock;
  #text = '';
  #asked = '';
  #callOff = (): void => undefined;

  constructor(onPreview: OnPreview, clock: Clock = pageClock) {
    this.#onPreview = onPreview;
    this.#clock = clock;
    this.button = button(words.preview, 'deepshi-flat', () => {
      this.#ask(true);
    });
    this.button.title = words.previewHelp;
    this.node.role = 'group';
    this.node.ariaLabel = words.values;
    this.node.append(this.#list);
    this.#hide();
  }

  /** Follow what is being written. */
  follow(text: string): void {
    if (text === this.#text) {
      return;
    }
    this.#text = text;
    this.#callOff();
    this.#asked = '';
    if (EXPRESSION.test(text)) {
      this.button.hidden = false;
      this.#callOff = this.#clock.after(PAUSE, () => {
        this.#ask(false);
      });
    } else {
      this.#hide();
    }
  }

  /** Show what came, unless the question has changed since. */
  show(id: string, values: readonly ShownValue[], error: Problem | null): void {
    if (id !== this.#asked) {
      return;
    }
    const rows = values.flatMap((value) => [
      make('dt', '', make('code', '', cleanText(value.expression))),
      make('dd', '', ...valueOf(value)),
    ]);
    if (error !== null) {
      rows.push(make('dd', 'deepshi-problem', cleanText(`${error.what} ${error.todo}`.trim())));
    }
    this.#list.replaceChildren(...rows);
    this.node.hidden = rows.length === 0;
  }

  #ask(evaluate: boolean): void {
    this.#callOff();
    this.#asked = newId();
    this.#onPreview(this.#asked, this.#text, evaluate);
  }

  #hide(): void {
    this.node.hidden = true;
    this.button.hidden = true;
    this.#list.replaceChildren();
  }
}

function valueOf({ text, note }: ShownValue): Node[] {
  const parts: Node[] = text === '' ? [] : [make('code', '', cleanText(text))];
  return note === '' ? parts : [...parts, make('span', 'deepshi-quiet', cleanText(note))];
}
