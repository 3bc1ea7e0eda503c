import { make } from '../../../src/elements';
import type { MathHook } from '../../../src/markdown-nodes';
import type { Step } from '../../../src/protocol';
import { addRules, addStyle } from '../../../src/style';
import { TurnView } from '../../../src/turn-view';
import type { AnswerStream } from '../answer-stream';
import { isObject, isText, type Json } from '../json-shape';
import { RecordError } from '../state/turn-record';
import { shownRecord, type ShownAnswer, type ShownRecord } from './shown-record';
import { StopButton, type Stop } from './stop-button';
import rules from './turn-display.css';

/** Returns a sentence in the reader's language. */
export type Translate = (sentence: string, ...values: string[]) => string;

export interface TurnDisplayOptions {
  math?: MathHook | undefined;
  translate: Translate;
  /** Stops an answer; null where there is nobody to ask. */
  stop: Stop | null;
}

/** A stream that is shown. */
interface Followed {
  stream: AnswerStream;
  view: TurnView;
  /** Whether sentences were shown that are not in the record, such as that a try failed. */
  hasAsides: boolean;
  hasFooter: boolean;
  leave: () => void;
}

/**
 * What stands in the output of a cell: a turn from its record, or while it comes, from its stream.
 *
 * The record is written again and again while the answer comes, and once at its end. A view that follows the
 * stream stays as it is through all that; it is made anew only where the record has something else to show.
 */
export class TurnDisplay {
  readonly node = make('div', 'deepshi-output');
  readonly #options: TurnDisplayOptions;
  #followed: Followed | null = null;
  /** The turn whose saved part is shown, and that part. */
  #part: { turn: string; text: string } | null = null;

  constructor(options: TurnDisplayOptions) {
    this.#options = options;
    addStyle();
    addRules('deepshi-output-style', rules);
  }

  /**
   * Show a record, or several.
   *
   * @param value What stands in the output.
   * @param stream The stream of its turn, if there is one.
   */
  show(value: unknown, stream: AnswerStream | null): void {
    if (isComing(value)) {
      this.#showComing(value, stream);
    } else if (!this.#settle(value)) {
      this.#replace(...this.#whole(value));
    }
  }

  /** Draw what came so far, at once. */
  flush(): void {
    this.#followed?.view.flush();
  }

  dispose(): void {
    this.#followed?.leave();
    this.#followed = null;
  }

  #showComing(value: Json, stream: AnswerStream | null): void {
    if (this.#followed !== null && this.#followed.stream.turn === value['id']) {
      return;
    }
    const part = stream === null || this.#hasMore(stream) ? this.#partOf(value) : null;
    if (stream === null) {
      this.#showPart(part);
    } else if (this.#hasMore(stream)) {
      this.#showPart(part);
      this.#followLater(value, stream);
    } else {
      this.#follow(stream);
    }
  }

  /** Whether the part that is shown is longer than what is known of a stream that was just met. */
  #hasMore(stream: AnswerStream): boolean {
    const shown = this.#part?.turn === stream.turn ? this.#part.text.length : 0;
    return stream.state === 'running' && stream.whole('text').length < shown;
  }

  #followLater(value: Json, stream: AnswerStream): void {
    const look = (): void => {
      stream.stepped.disconnect(look);
      if (this.#followed === null && this.#part?.turn === stream.turn) {
        this.#showComing(value, stream);
      }
    };
    stream.stepped.connect(look);
  }

  #partOf(value: Json): ShownRecord | null {
    try {
      return shownRecord(value);
    } catch {
      return null;
    }
  }

  #showPart(part: ShownRecord | null): void {
    if (part === null) {
      return;
    }
    const text = part.answers[0]?.text ?? '';
    if (this.#part?.turn === part.turn && this.#part.text === text) {
      return;
    }
    const views = this.#answers({ ...part, notices: [], footer: '' });
    views
      .at(-1)
      ?.notice(
        this.#options.translate('This answer was still coming when the notebook was last written.'),
      );
    this.#replace(...views.map(({ node }) => node));
    this.#part = { turn: part.turn, text };
  }

  #follow(stream: AnswerStream): void {
    const view = this.#view();
    const button = this.#stopButton(stream);
    if (button !== null) {
      view.actions.append(button.node);
    }
    const take = (_: unknown, steps: readonly Step[]): void => {
      this.#take(steps);
    };
    const changed = (): void => {
      this.#ended();
    };
    const leave = (): void => {
      stream.stepped.disconnect(take);
      stream.stateChanged.disconnect(changed);
      button?.node.remove();
    };
    this.#replace(view.node);
    this.#followed = { stream, view, hasAsides: false, hasFooter: false, leave };
    this.#take(stream.steps);
    view.flush();
    stream.stepped.connect(take);
    stream.stateChanged.connect(changed);
    this.#ended();
  }

  #take(steps: readonly Step[]): void {
    const followed = this.#followed;
    if (followed === null) {
      return;
    }
    for (const step of steps) {
      followed.view.show(step);
      followed.hasAsides ||= step.kind === 'notice' || step.kind === 'unreadable';
      followed.hasFooter ||= step.kind === 'end' && step.footer !== '';
    }
  }

  #ended(): void {
    const followed = this.#followed;
    if (followed === null || followed.stream.state === 'running') {
      return;
    }
    followed.leave();
    followed.view.end();
    if (followed.stream.state === 'cut') {
      followed.hasAsides = true;
      followed.view.notice(
        this.#options.translate('The link to the kernel was cut: this is what had come.'),
      );
    }
  }

  /** Keep the view of the stream at the end, if it shows what the record does. */
  #settle(value: unknown): boolean {
    const followed = this.#followed;
    const shown = followed !== null && isObject(value) ? this.#partOf(value) : null;
    if (followed === null || shown === null || !showsSame(followed, shown)) {
      return false;
    }
    followed.leave();
    followed.view.end();
    if (!followed.hasFooter) {
      addFacts(followed.view, shown);
    }
    this.#followed = null;
    return true;
  }

  #whole(value: unknown): Node[] {
    const turns = isObject(value) && Array.isArray(value['turns']) ? value['turns'] : null;
    return turns === null
      ? this.#one(value, false)
      : turns.flatMap((turn: unknown) => this.#one(turn, true));
  }

  #one(value: unknown, withQuestion: boolean): Node[] {
    try {
      const shown = shownRecord(value);
      return this.#answers(shown, withQuestion).map(({ node }) => node);
    } catch (error) {
      if (!(error instanceof RecordError)) {
        throw error;
      }
      return [make('p', 'deepshi-unreadable', `${error.what} ${error.todo}`)];
    }
  }

  /** A view for each answer; tools stand in the first, facts in the last. */
  #answers(shown: ShownRecord, withQuestion = false): TurnView[] {
    const count = Math.max(1, shown.answers.length);
    const views = Array.from({ length: count }, (_, at) => {
      const view = this.#view(withQuestion && at === 0 ? this.#question(shown) : undefined);
      if (at === 0) {
        shown.cards.forEach((card) => {
          view.tool(card);
        });
      }
      const answer = shown.answers[at];
      if (answer !== undefined) {
        this.#fill(view, answer, count === 1 ? '' : `${at + 1} of ${count}`);
      }
      return view;
    });
    const last = views.at(-1);
    if (last !== undefined) {
      addFacts(last, shown);
    }
    views.forEach((view) => {
      view.end();
    });
    return views;
  }

  /** The question, with a line for each picture that was sent: a record keeps their hashes only. */
  #question({ question, sentPictures }: ShownRecord): string {
    const sentence = 'A picture (%1) was sent; its bytes are not in the notebook. SHA-256: %2';
    const lines = sentPictures.map(({ type, sha256 }) =>
      this.#options.translate(sentence, type, sha256),
    );
    return [question, ...lines].join('\n\n');
  }

  #fill(view: TurnView, answer: ShownAnswer, which: string): void {
    if (which !== '') {
      view.node.prepend(make('p', 'deepshi-which', `Answer ${which}`));
    }
    if (answer.reasoning !== '') {
      view.wholeReasoning(answer.reasoning, null);
    }
    view.text([answer.text, answer.refusal].filter((text) => text !== '').join('\n\n'));
    answer.pictures.forEach((address) => {
      this.#picture(view, address);
    });
  }

  #picture(view: TurnView, address: string): void {
    if (address.startsWith('data:')) {
      view.picture(address, this.#options.translate('A picture that came with the answer'));
    } else {
      view.notice(
        this.#options.translate(
          'A picture came with the answer; its bytes are not in the notebook.',
        ),
      );
    }
  }

  #view(question?: string): TurnView {
    return new TurnView({ question, math: this.#options.math });
  }

  #stopButton(stream: AnswerStream): StopButton | null {
    const { stop, translate } = this.#options;
    return stop === null || stream.state !== 'running'
      ? null
      : new StopButton(() => stop(stream.turn), translate);
  }

  /** Put other content in the place of what is there, in one step, so that nothing flickers. */
  #replace(...nodes: Node[]): void {
    this.#followed?.leave();
    this.#followed = null;
    this.#part = null;
    this.node.replaceChildren(...nodes);
  }
}

/** Whether a value is the record of an answer that is still coming. */
export function isComing(value: unknown): value is Json & { id: string } {
  return isObject(value) && value['stream'] === true && isText(value['id']);
}

function showsSame({ stream, hasAsides }: Followed, shown: ShownRecord): boolean {
  const [answer] = shown.answers;
  return (
    shown.isPlain &&
    !hasAsides &&
    stream.turn === shown.turn &&
    stream.whole('text') === (answer?.text ?? '') &&
    stream.whole('reasoning') === (answer?.reasoning ?? '') &&
    (answer?.refusal ?? '') === '' &&
    (answer?.pictures.length ?? 0) === 0
  );
}

function addFacts(view: TurnView, { notices, footer }: ShownRecord): void {
  notices.forEach((sentence) => {
    view.notice(sentence);
  });
  view.footer(footer);
}
