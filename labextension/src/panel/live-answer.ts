import { cleanText } from '../clean-text';
import { make } from '../elements';
import { StreamReader, type Snapshot, type Step } from '../protocol';
import type { Decision, ToolCall } from '../tool-card';
import { TurnView } from '../turn-view';
import type { MarkdownOptions } from '../markdown-view';
import { words } from './words';

export interface Begin {
  ask: string;
  question: string;
  insteadOf: string | null;
}

export interface LiveActs {
  decide: (ask: string, call: string, decision: Decision) => void;
  /** Something is missing of the answer: ask for all that came. */
  missed: (ask: string) => void;
}

/** An answer on its way. */
export class LiveAnswer {
  readonly node = make('div', 'deepshi-slot deepshi-live-answer');
  readonly begin: Begin;
  readonly #reader = new StreamReader();
  readonly #view: TurnView;
  readonly #acts: LiveActs;
  readonly #waiting = make('p', 'deepshi-waiting', words.waiting);
  #begun = false;

  constructor(begin: Begin, acts: LiveActs, options: MarkdownOptions) {
    this.begin = begin;
    this.#acts = acts;
    this.#view = new TurnView({
      ...options,
      question: begin.question,
      onDecision: (call, decision) => {
        acts.decide(begin.ask, call, decision);
      },
    });
    this.node.append(this.#view.node, this.#waiting);
  }

  /** Show the question as the kernel has it. */
  correct(question: string): void {
    const shown = this.node.querySelector('.deepshi-question');
    if (shown !== null && question !== '') {
      shown.textContent = cleanText(question);
    }
  }

  delta(data: unknown): void {
    this.#show(this.#reader.take(data));
  }

  snapshot(snapshot: Snapshot): void {
    this.#show(this.#reader.attach(snapshot));
  }

  tool(call: ToolCall): void {
    this.#came();
    this.#view.tool(call);
  }

  /** Say that nothing more comes, because the kernel is gone. */
  lose(): void {
    this.#came();
    this.#view.end();
    this.#view.notice(words.cutOff);
    for (const button of this.node.querySelectorAll('button')) {
      button.disabled = true;
    }
  }

  /** Stop its clocks; it goes. */
  end(): void {
    this.#view.end();
  }

  #show(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.kind === 'gap') {
        this.#acts.missed(this.begin.ask);
      } else {
        this.#came();
        this.#view.show(step);
      }
    }
  }

  #came(): void {
    if (!this.#begun) {
      this.#begun = true;
      this.#waiting.remove();
    }
  }
}
