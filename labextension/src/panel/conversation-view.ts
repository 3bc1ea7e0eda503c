import { pageClock, type Clock } from '../clock';
import { make } from '../elements';
import type { MarkdownOptions } from '../markdown-view';
import { placeChildren, TranscriptView } from '../transcript-view';
import { LiveAnswer, type Begin, type LiveActs } from './live-answer';
import type { ShownTurn } from './messages';
import { TurnSlot, type TurnActs } from './turn-slot';
import { words } from './words';

/** The newest turns are drawn at once, the others in slices of so many milliseconds. */
const AT_ONCE = 8;
const SLICE = 10;

/** The conversation: turns by their ids, answers on their way, and what was asked below the panel. */
export class ConversationView {
  readonly transcript: TranscriptView;
  readonly #acts: TurnActs & LiveActs;
  readonly #options: MarkdownOptions;
  readonly #clock: Clock;
  readonly #slots = new Map<string, TurnSlot>();
  readonly #live = new Map<string, LiveAnswer>();
  readonly #below = make('details', 'deepshi-below');
  readonly #belowTitle = make('summary', '');
  readonly #belowTurns = make('div', '');
  readonly #empty = make('p', 'deepshi-empty');
  #order: string[] = [];
  #canAct = false;
  #isFilling = false;
  #wasEmpty = true;

  constructor(acts: TurnActs & LiveActs, options: MarkdownOptions) {
    this.#acts = acts;
    this.#clock = options.clock ?? pageClock;
    this.transcript = new TranscriptView();
    const drawn = (): void => {
      this.transcript.changed();
    };
    this.#options = { ...options, drawn };
    this.#below.append(this.#belowTitle, this.#belowTurns);
    this.where = 'cell';
    this.#place();
  }

  set where(where: 'cell' | 'end') {
    this.#empty.textContent = where === 'cell' ? words.emptyAbove : words.empty;
  }

  /** Let turns be regenerated, edited and branched, or not. */
  set canAct(canAct: boolean) {
    this.#canAct = canAct;
    for (const slot of this.#slots.values()) {
      slot.canAct = canAct;
    }
  }

  /** The questions that were asked here, oldest first. */
  get questions(): string[] {
    return this.#turns()
      .filter(({ own }) => own)
      .map(({ question }) => question);
  }

  /** Show the turns in this order; the ones that are not given stay as they are. */
  show(order: readonly string[], turns: readonly ShownTurn[]): void {
    for (const turn of turns) {
      this.#take(turn);
    }
    this.#order = order.filter((id) => this.#slots.has(id));
    for (const id of this.#slots.keys()) {
      if (!this.#order.includes(id)) {
        this.#slots.delete(id);
      }
    }
    this.#place();
    this.#fill();
  }

  /** Show an answer that begins, or that is on its way already. */
  begin(begin: Begin): void {
    const known = this.#live.get(begin.ask);
    if (known !== undefined) {
      known.correct(begin.question);
      return;
    }
    this.#live.set(begin.ask, new LiveAnswer(begin, this.#acts, this.#options));
    this.#place();
  }

  /** Return the answer on its way of this id. */
  live(ask: string): LiveAnswer | undefined {
    return this.#live.get(ask);
  }

  /** Take an answer on its way out; its turn stands in its place. */
  end(ask: string): void {
    this.#live.get(ask)?.end();
    this.#live.delete(ask);
    this.#place();
  }

  /** Say at every answer on its way that the kernel is gone. */
  lose(): void {
    for (const live of this.#live.values()) {
      live.lose();
    }
  }

  /** Forget the answers on their way: the kernel tells again which there are. */
  forgetLive(): void {
    for (const ask of [...this.#live.keys()]) {
      this.end(ask);
    }
  }

  #turns(): ShownTurn[] {
    return this.#order.flatMap((id) => this.#slots.get(id)?.turn ?? []);
  }

  #take(turn: ShownTurn): void {
    const known = this.#slots.get(turn.id);
    if (known !== undefined) {
      known.update(turn);
      return;
    }
    const slot = new TurnSlot(turn, this.#acts, this.#options);
    slot.canAct = this.#canAct;
    this.#slots.set(turn.id, slot);
  }

  /** Put everything where it belongs. */
  #place(): void {
    const slots = this.#order.flatMap((id) => this.#slots.get(id) ?? []);
    const below = slots.filter(({ turn }) => turn.below);
    const nodes: Element[] = this.#kept(slots.filter(({ turn }) => !turn.below)).map(
      ({ node }) => node,
    );
    nodes.push(...[...this.#live.values()].map(({ node }) => node));
    if (nodes.length === 0) {
      nodes.push(this.#empty);
    }
    if (below.length > 0) {
      this.#belowTitle.textContent = words.below(below.length);
      placeChildren(
        this.#belowTurns,
        below.map(({ node }) => node),
      );
      nodes.push(this.#below);
    }
    this.transcript.place(nodes);
  }

  /** An answer that takes the place of a turn hides that turn and what followed it. */
  #kept(slots: TurnSlot[]): TurnSlot[] {
    const replaced = [...this.#live.values()].map(({ begin }) => begin.insteadOf);
    const first = slots.findIndex(({ turn }) => replaced.includes(turn.id));
    return first < 0 ? slots : slots.slice(0, first);
  }

  /** Draw what is not drawn yet, the newest first. */
  #fill(): void {
    const empty = this.#emptySlots();
    const isFirst = this.#wasEmpty && empty.length > 0;
    for (const slot of empty.slice(0, isFirst ? AT_ONCE : 2)) {
      slot.fill();
    }
    this.#wasEmpty &&= !isFirst;
    this.transcript.changed();
    this.#fillLater();
  }

  #fillLater(): void {
    if (this.#isFilling || this.#emptySlots().length === 0) {
      return;
    }
    this.#isFilling = true;
    this.#clock.after(0, () => {
      this.#isFilling = false;
      const begun = this.#clock.now();
      for (const slot of this.#emptySlots()) {
        slot.fill();
        if (this.#clock.now() - begun > SLICE) {
          break;
        }
      }
      this.#fillLater();
    });
  }

  #emptySlots(): TurnSlot[] {
    const slots = this.#order.flatMap((id) => this.#slots.get(id) ?? []);
    return slots.filter(({ isFilled }) => !isFilled).reverse();
  }
}
