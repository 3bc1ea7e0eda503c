import type { Clock } from '../clock';
import { button, make } from '../elements';
import { Attachments } from './attachments';
import type { Problem, Settings, ShownValue } from './messages';
import { PreviewView, type OnPreview } from './preview-view';
import { QuestionHistory } from './question-history';
import { words } from './words';

export interface Question {
  text: string;
  attach: string[];
  /** The turn that it takes the place of, when an earlier question was edited. */
  insteadOf: string | null;
}

export interface ComposerActs {
  send: (question: Question) => void;
  stop: () => void;
  preview: OnPreview;
}

/** `ready` to send, while an answer is `running`, or `off` while there is no kernel. */
export type ComposerState = 'ready' | 'running' | 'off';

/** Where a question is written. */
export class Composer {
  readonly node = make('div', 'deepshi-composer');
  readonly #text = make('textarea', '');
  readonly #attachments: Attachments;
  readonly #preview: PreviewView;
  readonly #history = new QuestionHistory();
  readonly #editing = make('div', 'deepshi-editing');
  readonly #send: HTMLButtonElement;
  readonly #acts: ComposerActs;
  #state: ComposerState = 'off';
  #insteadOf: string | null = null;
  #draft: Question | null = null;

  constructor(acts: ComposerActs, clock?: Clock) {
    this.#acts = acts;
    this.#attachments = new Attachments(() => {
      this.focus();
    });
    this.#preview = new PreviewView(acts.preview, clock);
    this.#send = button(words.send, 'deepshi-send', () => {
      this.#sendOrStop();
    });
    this.#setUpText();
    this.#setUpEditing();
    const tools = make('div', 'deepshi-tools', this.#attachments.opener, this.#preview.button);
    const bar = make('div', 'deepshi-bar', tools, this.#send);
    const box = make('div', 'deepshi-box', this.#text, this.#attachments.node, bar);
    this.node.append(this.#editing, box, this.#preview.node);
    this.state = 'off';
    this.where = 'cell';
  }

  set state(state: ComposerState) {
    this.#state = state;
    const isRunning = state === 'running';
    this.#send.textContent = isRunning ? words.stop : words.send;
    this.#send.title = isRunning ? words.stopHelp : words.sendHelp;
    this.#send.classList.toggle('deepshi-stops', isRunning);
    const isOff = state === 'off';
    this.#text.readOnly = isOff; // what stands there can still be selected and copied
    this.#text.ariaDisabled = String(isOff);
    this.#attachments.opener.disabled = isOff;
    this.#preview.button.disabled = isOff;
    this.#enableSend();
  }

  set where(where: Settings['where']) {
    this.#text.placeholder = words.placeholder[where];
  }

  /** Set what the up arrow brings back, oldest first. */
  set history(questions: readonly string[]) {
    if (!this.#history.isWalking) {
      this.#history.set(questions);
    }
  }

  get isEmpty(): boolean {
    return this.#text.value.trim() === '' && this.#attachments.expressions.length === 0;
  }

  /** The field for the question. */
  get field(): HTMLTextAreaElement {
    return this.#text;
  }

  focus(): void {
    this.#text.focus();
  }

  /** Edit an earlier question; what was being written comes back when that is left. */
  edit(turn: string, text: string): void {
    this.#draft ??= this.#question();
    this.put({ text, attach: [], insteadOf: turn });
    this.focus();
  }

  /** Put a question into the field, as one that failed. */
  put({ text, attach, insteadOf }: Question): void {
    this.#insteadOf = insteadOf;
    this.#editing.hidden = insteadOf === null;
    this.#attachments.expressions = attach;
    this.#setText(text);
  }

  /** Show the values of the expressions in the question. */
  show(id: string, values: readonly ShownValue[], error: Problem | null): void {
    this.#preview.show(id, values, error);
  }

  /** Give the field the height of its text; its style bounds it. */
  fit(): void {
    this.#text.style.height = 'auto';
    this.#text.style.height = `${this.#text.scrollHeight + 2}px`;
  }

  #setUpText(): void {
    this.#text.ariaLabel = words.question;
    this.#text.rows = 2;
    this.#text.addEventListener('input', () => {
      this.#history.leave();
      this.#changed();
    });
    this.#text.addEventListener('keydown', (event) => {
      this.#pressed(event);
    });
  }

  #setUpEditing(): void {
    const leave = button(words.leaveEditing, 'deepshi-flat', () => {
      this.#leaveEditing();
    });
    this.#editing.append(make('span', '', words.editing), leave);
    this.#editing.hidden = true;
  }

  #pressed(event: KeyboardEvent): void {
    // An input method's Enter, arrows and Escape are its own; older browsers say so by a key code.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- there is no other way in Safari
    if (event.isComposing || event.keyCode === 229) {
      return;
    }
    const hasModifier = event.shiftKey || event.altKey || event.ctrlKey || event.metaKey;
    if (event.key === 'Enter' && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.#ask();
    } else if (event.key === 'Escape') {
      this.#escape(event);
    } else if (event.key === 'ArrowUp' && !hasModifier && this.#isAtBegin()) {
      this.#walk(event, this.#history.earlier(this.#text.value));
    } else if (event.key === 'ArrowDown' && !hasModifier && this.#isInLastLine()) {
      this.#walk(event, this.#history.later());
    }
  }

  #escape(event: Event): void {
    if (this.#insteadOf !== null) {
      this.#leaveEditing();
    } else if (this.#state === 'running') {
      this.#acts.stop();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #walk(event: Event, text: string | null): void {
    if (text !== null) {
      event.preventDefault();
      this.#setText(text);
      const place = this.#history.isWalking ? 0 : text.length;
      this.#text.setSelectionRange(place, place);
    }
  }

  #isAtBegin(): boolean {
    return this.#text.selectionStart === 0 && this.#text.selectionEnd === 0;
  }

  #isInLastLine(): boolean {
    const { value, selectionEnd } = this.#text;
    return this.#history.isWalking && (selectionEnd === 0 || !value.includes('\n', selectionEnd));
  }

  #sendOrStop(): void {
    if (this.#state === 'running') {
      this.#acts.stop();
    } else {
      this.#ask();
      this.focus();
    }
  }

  #ask(): void {
    if (this.#state !== 'ready' || this.#text.value.trim() === '') {
      return;
    }
    const question = { ...this.#question(), attach: this.#attachments.take() };
    this.put(this.#draft ?? { text: '', attach: [], insteadOf: null });
    this.#draft = null;
    this.#history.leave();
    this.#acts.send(question);
  }

  #question(): Question {
    return {
      text: this.#text.value,
      attach: this.#attachments.expressions,
      insteadOf: this.#insteadOf,
    };
  }

  #leaveEditing(): void {
    this.put(this.#draft ?? { text: '', attach: [], insteadOf: null });
    this.#draft = null;
    this.focus();
  }

  #setText(text: string): void {
    this.#text.value = text;
    this.#changed();
  }

  #changed(): void {
    this.fit();
    this.#enableSend();
    this.#preview.follow(this.#text.value);
  }

  #enableSend(): void {
    const isEmpty = this.#text.value.trim() === '';
    this.#send.disabled = this.#state === 'off' || (this.#state === 'ready' && isEmpty);
  }
}
