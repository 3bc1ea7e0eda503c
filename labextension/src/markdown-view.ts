/** Markdown of a model, shown while it comes. */

import { cleanText, TextCleaner } from './clean-text';
import { pageClock, type Clock } from './clock';
import { Definitions, type Reading } from './definitions';
import { finishedLength } from './finished-blocks';
import { nodesOf, type MathHook } from './markdown-nodes';
import { parser } from './markdown-parser';
import { Pace } from './pace';

/** Open code longer than this gets its colours when it is finished. */
const LONGEST_OPEN_COLOURED = 5_000;

export interface MarkdownOptions {
  math?: MathHook | undefined;
  clock?: Clock | undefined;
  /** Called after each drawing. */
  drawn?: (() => void) | undefined;
}

/** A finished piece that refers to something that is not defined yet. */
interface Waiting {
  source: string;
  missed: ReadonlySet<string>;
  nodes: ChildNode[];
}

/**
 * Shows markdown that grows.
 *
 * Finished blocks are drawn once, with one exception: a block that refers to a link definition which
 * comes later is drawn again when that comes. Only what is open is drawn anew, at a `Pace`. In the
 * end the page holds the same as after `renderMarkdown` of the whole text.
 */
export class MarkdownView {
  readonly node = document.createElement('div');
  readonly #options: MarkdownOptions;
  readonly #cleaner = new TextCleaner();
  readonly #definitions = new Definitions();
  readonly #pace: Pace;
  #rest = '';
  #tail: ChildNode[] = [];
  #waiting: Waiting[] = [];
  #hasEnded = false;

  constructor(options: MarkdownOptions = {}) {
    this.#options = options;
    this.#pace = new Pace(() => {
      this.#draw();
    }, options.clock ?? pageClock);
    this.node.className = CLASSES;
    this.node.dir = 'auto';
  }

  /** Whether nothing was shown and nothing waits to be. */
  get isEmpty(): boolean {
    return this.#rest === '' && !this.node.hasChildNodes();
  }

  /** Add a piece of text; it shows with the next drawing. */
  append(piece: string): void {
    if (this.#hasEnded || piece === '') {
      return;
    }
    this.#rest += this.#cleaner.take(piece);
    this.#pace.ask();
  }

  /** Draw at once what came so far. */
  flush(): void {
    if (!this.#hasEnded) {
      this.#pace.now();
    }
  }

  /** Finish the text, and draw it at once. */
  end(): void {
    if (this.#hasEnded) {
      return;
    }
    this.#rest += this.#cleaner.end();
    this.#hasEnded = true;
    this.#pace.now();
  }

  #draw(): void {
    const length = this.#hasEnded ? this.#rest.length : finishedLength(this.#rest);
    if (length > 0) {
      this.#finish(this.#rest.slice(0, length));
      this.#rest = this.#rest.slice(length);
    }
    if (!this.#hasEnded) {
      this.#tail = replace(this.node, this.#tail, this.#open(this.#rest));
    }
    this.#options.drawn?.();
  }

  #finish(source: string): void {
    const reading = this.#definitions.readFinished(source);
    this.#resolve(reading.defined);
    const nodes = replace(this.node, this.#tail, this.#nodes(reading));
    this.#tail = [];
    if (reading.missed.size > 0) {
      this.#waiting.push({ source, missed: reading.missed, nodes });
    }
  }

  #open(source: string): ChildNode[] {
    return this.#nodes(this.#definitions.readOpen(source), LONGEST_OPEN_COLOURED);
  }

  /** Draw again what waited for these labels. */
  #resolve(defined: ReadonlySet<string>): void {
    if (defined.size === 0) {
      return;
    }
    const concerned = this.#waiting.filter(({ missed }) => [...missed].some((l) => defined.has(l)));
    for (const piece of concerned) {
      const reading = this.#definitions.readFinished(piece.source);
      piece.nodes = replace(this.node, piece.nodes, this.#nodes(reading));
      piece.missed = reading.missed;
    }
    this.#waiting = this.#waiting.filter(({ missed }) => missed.size > 0);
  }

  #nodes({ tokens }: Reading, longestColoured?: number): ChildNode[] {
    return nodesOf(tokens, { math: this.#options.math, longestColoured });
  }
}

/** JupyterLab's class gives tables, code and headings the look of the notebook. */
const CLASSES = 'deepshi-markdown jp-RenderedHTMLCommon';

/** Return a whole text as an element; what `MarkdownView` shows in the end. */
export function renderMarkdown(text: string, options: MarkdownOptions = {}): HTMLElement {
  const node = document.createElement('div');
  node.className = CLASSES;
  node.dir = 'auto';
  node.append(...nodesOf(parser.parse(cleanText(text), {}), { math: options.math }));
  return node;
}

/**
 * Put new nodes in the place of old ones that stand side by side, and keep those that are equal.
 *
 * @returns The nodes that stand there now, one for each new one.
 */
function replace(parent: Element, old: ChildNode[], fresh: ChildNode[]): ChildNode[] {
  let same = 0;
  while (same < Math.min(old.length, fresh.length) && old[same]?.isEqualNode(fresh[same] ?? null)) {
    same++;
  }
  const after = old.at(-1)?.nextSibling ?? null;
  old.slice(same).forEach((node) => {
    node.remove();
  });
  const added = fresh.slice(same);
  for (const node of added) {
    parent.insertBefore(node, after);
  }
  return [...old.slice(0, same), ...added];
}
