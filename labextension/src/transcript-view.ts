import { button, make } from './elements';
import { FollowEnd } from './follow-end';
import { TurnView, type TurnOptions } from './turn-view';

/** Make these nodes, in this order, the children of an element; what stays in its place is not touched. */
export function placeChildren(parent: Element, nodes: readonly Element[]): void {
  const kept = new Set<Node>(nodes);
  for (const child of [...parent.childNodes].filter((node) => !kept.has(node))) {
    child.remove();
  }
  let next = parent.firstChild;
  for (const node of nodes) {
    if (node === next) {
      next = next.nextSibling;
    } else {
      parent.insertBefore(node, next);
    }
  }
}

/**
 * The turns of a conversation, in an element that scrolls.
 *
 * A screen reader is told when an answer begins and when it has ended, and is not read every piece:
 * what grows is no live region, one line beside it is.
 */
export class TranscriptView {
  readonly node = make('div', 'deepshi-transcript');
  readonly #turns = make('div', 'deepshi-turns');
  readonly #status = make('p', 'deepshi-unseen');
  readonly #options: TurnOptions;
  readonly #toEnd: HTMLButtonElement;
  readonly #follow: FollowEnd;

  constructor(options: TurnOptions = {}) {
    this.#options = options;
    this.#turns.role = 'region';
    this.#turns.ariaLabel = 'Conversation';
    this.#turns.tabIndex = 0; // so that a keyboard can scroll it
    this.#status.role = 'status'; // a polite live region
    this.#toEnd = button('↓ To the end', 'deepshi-to-end', () => {
      this.#follow.go();
      this.#turns.focus();
    });
    this.#toEnd.hidden = true;
    this.#follow = new FollowEnd(this.#turns, (isFollowing) => {
      this.#toEnd.hidden = isFollowing;
      this.#turns.classList.toggle('deepshi-reading', !isFollowing);
    });
    this.node.append(this.#turns, this.#toEnd, this.#status);
  }

  /** Whether the newest text is kept in view. */
  get isFollowing(): boolean {
    return this.#follow.isFollowing;
  }

  /** Add a turn below the others. */
  add(options: TurnOptions = {}): TurnView {
    const drawn = (): void => {
      options.drawn?.();
      this.#follow.keep();
    };
    const turn = new TurnView({ ...this.#options, ...options, drawn });
    this.#turns.append(turn.node);
    this.#follow.keep();
    return turn;
  }

  /** Make these nodes, in this order, all that stands in the transcript; what stays is not moved. */
  place(nodes: readonly Element[]): void {
    placeChildren(this.#turns, nodes);
    this.changed();
  }

  /** Say that something in the transcript has changed its height. */
  changed(): void {
    this.#follow.keep();
  }

  /** Give the transcript the focus, for where the element that had it is gone. */
  focus(): void {
    this.#turns.focus();
  }

  /** Go to the end and follow it, as after the reader has asked something. */
  goToEnd(): void {
    this.#follow.go();
  }

  /** Say one sentence to those who hear the page: that an answer begins, or how it ended. */
  announce(sentence: string): void {
    this.#status.textContent = sentence;
  }

  /** Take all turns away. */
  clear(): void {
    this.#turns.replaceChildren();
    this.#follow.go();
  }
}
