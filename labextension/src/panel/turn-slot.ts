import { pageClock, type Clock } from '../clock';
import { button, make } from '../elements';
import type { MarkdownOptions } from '../markdown-view';
import { TurnView } from '../turn-view';
import { nameForFocus } from './focus-keeper';
import { Menu } from './menu';
import type { Insert, ShownTurn } from './messages';
import { Pager } from './pager';
import { words } from './words';

export interface TurnActs {
  copy: (text: string) => Promise<boolean>;
  regenerate: (turn: ShownTurn) => void;
  edit: (turn: ShownTurn) => void;
  branch: (turn: ShownTurn, to: string) => void;
  insert: (turn: ShownTurn, what: Insert) => void;
}

/** Milliseconds that a button says what became of a press. */
const SAID = 1500;

/**
 * The place of a turn in the transcript.
 *
 * It stands there empty until it is `fill`ed, so that 500 turns cost the page no long task; what
 * changes of the turn is drawn in the same place.
 */
export class TurnSlot {
  readonly node = make('div', 'deepshi-slot');
  readonly #acts: TurnActs;
  readonly #options: MarkdownOptions;
  readonly #clock: Clock;
  #turn: ShownTurn;
  #page = 0;
  #isFilled = false;
  #canAct = true;
  #enable = (): void => undefined;

  constructor(turn: ShownTurn, acts: TurnActs, options: MarkdownOptions) {
    this.#turn = turn;
    this.#acts = acts;
    this.#options = options;
    this.#clock = options.clock ?? pageClock;
  }

  get turn(): ShownTurn {
    return this.#turn;
  }

  get isFilled(): boolean {
    return this.#isFilled;
  }

  /** Let the buttons that need a free kernel be pressed, or not. */
  set canAct(canAct: boolean) {
    this.#canAct = canAct;
    this.#enable();
  }

  /** Show another state of the turn. */
  update(turn: ShownTurn): void {
    if (turn.rev === this.#turn.rev && turn.below === this.#turn.below) {
      return;
    }
    this.#turn = turn;
    this.#page = Math.min(this.#page, turn.others.length);
    if (this.#isFilled) {
      this.fill();
    }
  }

  /** Draw the turn. */
  fill(): void {
    this.#isFilled = true;
    const unfolded = new Set(unfoldedIn(this.node));
    const view = this.#draw();
    this.node.replaceChildren(view.node);
    for (const [at, details] of [...this.node.querySelectorAll('details')].entries()) {
      details.open ||= unfolded.has(at);
    }
  }

  #draw(): TurnView {
    const { question, notices, stale, footer, partial } = this.#turn;
    const view = new TurnView({ ...this.#options, question });
    if (this.#page === 0) {
      this.#drawAnswer(view);
    } else {
      view.text(this.#turn.others[this.#page - 1] ?? '');
    }
    view.end();
    for (const sentence of stale === '' ? notices : [stale, ...notices]) {
      view.notice(sentence);
    }
    view.footer([partial ? words.partial : '', footer].filter(Boolean).join(' · '));
    view.actions.append(...this.#buttons());
    view.actions.classList.add('deepshi-acts');
    return view;
  }

  #drawAnswer(view: TurnView): void {
    const { reasoning, reasoningSeconds, tools, pictures, text } = this.#turn;
    if (reasoning !== '') {
      view.wholeReasoning(reasoning, reasoningSeconds);
    }
    for (const call of tools) {
      view.tool(call.state === 'asking' ? { ...call, state: 'refused' } : call);
    }
    if (text !== '') {
      view.text(text);
    }
    for (const picture of pictures) {
      view.picture(picture.address, picture.words);
    }
  }

  #buttons(): HTMLElement[] {
    const turn = this.#turn;
    const made: HTMLElement[] = turn.others.length > 0 ? [this.#samples()] : [];
    const acting: (HTMLButtonElement | Pager)[] = [];
    if (turn.own && turn.branches.length > 1) {
      const pager = this.#branches();
      acting.push(pager);
      made.push(pager.node);
    }
    made.push(this.#copy());
    if (turn.own) {
      const regenerate = this.#button('regenerate', this.#acts.regenerate);
      const edit = this.#button('edit', this.#acts.edit);
      const insert = new Menu(words.insert, Object.entries(words.inserts), (what) => {
        this.#acts.insert(turn, what as Insert);
      });
      insert.button.classList.add('deepshi-flat');
      nameForFocus(insert.button, `insert:${turn.id}`);
      acting.push(regenerate, edit, insert.button);
      made.push(regenerate, edit, insert.node);
    }
    this.#enable = () => {
      for (const each of acting) {
        if (each instanceof Pager) {
          each.enable(this.#canAct);
        } else {
          each.disabled = !this.#canAct;
        }
      }
    };
    this.#enable();
    return made;
  }

  #button(key: 'regenerate' | 'edit', act: (turn: ShownTurn) => void): HTMLButtonElement {
    const made = button(words[key], 'deepshi-flat', () => {
      act(this.#turn);
    });
    nameForFocus(made, `${key}:${this.#turn.id}`);
    return made;
  }

  #copy(): HTMLButtonElement {
    const made = button(words.copy, 'deepshi-flat', () => {
      void this.#acts.copy(this.#textOnPage()).then((isCopied) => {
        made.textContent = isCopied ? words.copied : words.notCopied;
        this.#clock.after(SAID, () => {
          made.textContent = words.copy;
        });
      });
    });
    nameForFocus(made, `copy:${this.#turn.id}`);
    return made;
  }

  #textOnPage(): string {
    const { text, others } = this.#turn;
    return this.#page === 0 ? text : (others[this.#page - 1] ?? '');
  }

  #branches(): Pager {
    const { branches, id } = this.#turn;
    const names = {
      label: words.branches,
      previous: words.previousBranch,
      next: words.nextBranch,
    };
    const pager = new Pager(names, branches.length, branches.indexOf(id), (page) => {
      this.#acts.branch(this.#turn, branches[page] ?? id);
    });
    nameButtons(pager, `branch:${branches[0] ?? id}`);
    return pager;
  }

  #samples(): HTMLElement {
    const { others, id } = this.#turn;
    const names = { label: words.samples, previous: words.previousSample, next: words.nextSample };
    const pager = new Pager(names, others.length + 1, this.#page, (page) => {
      this.#page = page;
      this.fill();
      this.#options.drawn?.();
    });
    nameButtons(pager, `sample:${id}`);
    return make('span', 'deepshi-samples', words.samples, ' ', pager.node);
  }
}

function nameButtons(pager: Pager, key: string): void {
  const [back, on] = pager.buttons;
  nameForFocus(back, `${key}:back`);
  nameForFocus(on, `${key}:on`);
}

function unfoldedIn(node: Element): number[] {
  const folds = [...node.querySelectorAll('details')];
  return folds.flatMap(({ open }, at) => (open ? [at] : []));
}
