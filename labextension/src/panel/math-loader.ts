import { pageClock, type Clock } from '../clock';
import { mathSource, type MathHook } from '../markdown-nodes';
import { addRules } from '../style';

/** What `math.js` exports. */
export interface MathModule {
  /** Return mathematics as MathML, or null for what cannot be read. */
  mathNode: (source: string, display: boolean) => Element | null;
  style: string;
}

/** Makes a module of its source. */
export type LoadMath = (source: string) => Promise<MathModule>;

/** Milliseconds of drawing formulas again, before the page gets its turn. */
const SLICE = 12;

/** A formula that shows its source. */
interface Waiting {
  node: HTMLElement;
  source: string;
  display: boolean;
}

/**
 * Mathematics by a module that comes from the kernel when the first formula is there.
 *
 * It weighs more than the whole panel, and most conversations hold none. Until it has come, and where
 * it does not come, a formula shows its source.
 */
export class MathLoader {
  readonly #ask: () => void;
  readonly #load: LoadMath;
  readonly #clock: Clock;
  readonly #drawn: () => void;
  readonly #root: () => Document | ShadowRoot;
  #state: 'unasked' | 'asked' | 'failed' | MathModule = 'unasked';
  #waiting: Waiting[] = [];

  /**
   * @param ask Asks for the source of the module.
   * @param drawn Called when formulas have changed their size.
   * @param root Where the style goes.
   */
  constructor(
    ask: () => void,
    drawn: () => void,
    root: () => Document | ShadowRoot = () => document,
    load: LoadMath = importSource,
    clock: Clock = pageClock,
  ) {
    this.#ask = ask;
    this.#drawn = drawn;
    this.#root = root;
    this.#load = load;
    this.#clock = clock;
  }

  /** The hook for the views. What it returns stays; what is in it changes when the module comes. */
  readonly hook: MathHook = (source, display) => {
    if (this.#state === 'failed') {
      return null;
    }
    const node = document.createElement(display ? 'div' : 'span');
    node.className = 'deepshi-formula';
    if (typeof this.#state === 'object') {
      this.#draw(this.#state, { node, source, display });
      return node;
    }
    node.append(mathSource(source, display));
    this.#waiting.push({ node, source, display });
    if (this.#state === 'unasked') {
      this.#state = 'asked';
      this.#ask();
    }
    return node;
  };

  /** Take the source of the module; an empty one says that there is none. */
  async take(source: string): Promise<void> {
    if (this.#state !== 'asked') {
      return;
    }
    try {
      this.#state = await this.#load(source);
    } catch {
      this.#state = 'failed';
      this.#waiting = [];
      return;
    }
    addRules('deepshi-math-style', this.#state.style, this.#root());
    this.#drawWaiting(this.#state);
  }

  #drawWaiting(module: MathModule): void {
    const begun = this.#clock.now();
    while (this.#clock.now() - begun < SLICE) {
      const next = this.#waiting.pop(); // the newest is looked at
      if (next === undefined) {
        break;
      }
      this.#draw(module, next);
    }
    this.#drawn();
    if (this.#waiting.length > 0) {
      this.#clock.after(0, () => {
        this.#drawWaiting(module);
      });
    }
  }

  #draw(module: MathModule, { node, source, display }: Waiting): void {
    node.replaceChildren(module.mathNode(source, display) ?? mathSource(source, display));
  }
}

/** Import a module from its text, as anywidget does with the panel. */
async function importSource(source: string): Promise<MathModule> {
  if (source === '') {
    throw new Error('The kernel has no module for mathematics.');
  }
  const address = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  try {
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ address)) as MathModule;
  } finally {
    URL.revokeObjectURL(address);
  }
}
