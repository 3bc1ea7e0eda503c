import { make } from '../../../src/elements';
import { costText } from './amounts';
import { badgeIcon } from './badge-icon';
import type { Badge } from './badge';
import type { ContextMark } from './context-marks';
import type { BadgeWords } from './words';

/** How much room the prompt margin of a cell has. */
export type Room = 'lines' | 'line' | 'collapsed';

/** What a margin shows. */
export interface MarginContent {
  readonly badge: Badge;
  readonly room: Room;
  /** How the cell is marked as part of a context that is shown, or null. */
  readonly mark: ContextMark | null;
  /** The weight of its own context, where that is shown, or an empty text. */
  readonly above: string;
}

export interface MarginActions {
  pressed: () => void;
  /** The pointer came to the badge, or left it. */
  pointed: (isPointed: boolean) => void;
}

/** What stands in the prompt margin of one cell: the badge, the model, what it took. */
export class CellMargin {
  readonly node = make('div', 'deepshi-margin');
  readonly badge: HTMLButtonElement;
  readonly #words: BadgeWords;
  readonly #weight = make('span', 'deepshi-margin-weight');
  readonly #model = make('span', 'deepshi-margin-facts');
  readonly #cost = make('span', 'deepshi-margin-facts');
  #shown = '';

  constructor(words: BadgeWords, { pressed, pointed }: MarginActions) {
    this.#words = words;
    this.badge = make('button', 'deepshi-badge');
    this.badge.type = 'button';
    this.badge.tabIndex = -1;
    this.badge.ariaHasPopup = 'dialog';
    this.badge.addEventListener('click', pressed);
    this.badge.addEventListener('pointerenter', () => {
      pointed(true);
    });
    this.badge.addEventListener('pointerleave', () => {
      pointed(false);
    });
    this.node.append(this.badge, this.#weight, this.#model, this.#cost);
  }

  /** Show something; nothing is touched if it is shown already. */
  show(content: MarginContent): void {
    const shown = JSON.stringify(content);
    if (shown === this.#shown) {
      return;
    }
    this.#shown = shown;
    const { badge, room, mark, above } = content;
    const words = this.#words;
    const word = make('span', 'deepshi-badge-word', words.kind(badge.kind));
    this.badge.dataset['kind'] = badge.kind;
    this.badge.replaceChildren(badgeIcon(badge.kind), word);
    const label = words.label(badge, mark);
    this.badge.title = label.join('\n');
    this.badge.ariaLabel = label.join(' ');
    this.node.classList.toggle('deepshi-mod-line', room === 'line');
    this.node.classList.toggle('deepshi-mod-collapsed', room === 'collapsed');
    say(this.#weight, mark === null ? above : words.weight(mark));
    // The output of a plain cell may have a number of its own in this margin.
    say(this.#model, badge.isAsking ? (badge.models[0] ?? '') : '');
    say(this.#cost, badge.isAsking ? costText(badge.amounts) : '');
  }

  remove(): void {
    this.node.remove();
  }
}

function say(line: HTMLElement, text: string): void {
  line.textContent = text;
  line.hidden = text === '';
}
