import { pictureAddress } from './address';
import { cleanText } from './clean-text';
import { make } from './elements';
import { MarkdownView, type MarkdownOptions } from './markdown-view';
import type { Step } from './protocol';
import { ReasoningView } from './reasoning-view';
import { ToolCard, type OnDecision, type ToolCall } from './tool-card';

export interface TurnOptions extends MarkdownOptions {
  /** What was asked; shown as it was written. */
  question?: string | undefined;
  onDecision?: OnDecision | undefined;
}

/**
 * One turn: the question, and in the order in which it came the reasoning, text, tools and pictures
 * of the answer; below them notices, the footer and a place for buttons.
 */
export class TurnView {
  readonly node = make('article', 'deepshi-turn');
  /** Where the owner of the view puts buttons: copy, regenerate, the branches. */
  readonly actions = make('div', 'deepshi-buttons');
  readonly #options: TurnOptions;
  readonly #answer = make('div', 'deepshi-answer');
  readonly #notices = make('ul', 'deepshi-notices');
  readonly #footer = make('p', 'deepshi-footer');
  readonly #cards = new Map<string, ToolCard>();
  #reasoning: ReasoningView | null = null;
  #text: MarkdownView | null = null;

  constructor(options: TurnOptions = {}) {
    this.#options = options;
    if (options.question !== undefined) {
      this.node.append(make('div', 'deepshi-question', cleanText(options.question)));
    }
    this.#notices.hidden = true;
    this.#footer.hidden = true;
    this.node.append(this.#answer, this.#notices, this.#footer, this.actions);
  }

  /** Add a piece of the answer. */
  text(piece: string): void {
    this.#endReasoning();
    this.#text ??= this.#added(new MarkdownView(this.#options));
    this.#text.append(piece);
  }

  /** Add a piece of the reasoning. */
  reasoning(piece: string): void {
    this.#endText();
    this.#reasoning ??= this.#added(new ReasoningView(this.#options));
    this.#reasoning.append(piece);
    this.#changed();
  }

  /**
   * Show a whole reasoning.
   *
   * @param seconds How long it took; null where nobody knows.
   */
  wholeReasoning(text: string, seconds: number | null): void {
    this.#endParts();
    const view = this.#added(new ReasoningView(this.#options));
    view.append(text);
    view.end(seconds);
    this.#changed();
  }

  /** Show a tool call, or what became of one that is shown. */
  tool(call: ToolCall): void {
    const known = this.#cards.get(call.id);
    if (known !== undefined) {
      known.update(call);
    } else {
      this.#endParts();
      const decided: OnDecision = (...args) => this.#options.onDecision?.(...args);
      this.#cards.set(call.id, this.#added(new ToolCard(call, decided)));
    }
    this.#changed();
  }

  /**
   * Show a picture that came with the answer.
   *
   * @param address A data: address of a PNG, JPEG, GIF or WebP picture; nothing else is loaded.
   * @param words What it shows, for those who cannot see it.
   */
  picture(address: string, words: string): void {
    this.#endParts();
    if (pictureAddress(address) === null) {
      this.notice('A picture of a kind that is not shown here came with the answer.');
      return;
    }
    const image = make('img', 'deepshi-picture');
    image.src = address;
    image.alt = cleanText(words);
    this.#answer.append(image);
    this.#changed();
  }

  /** Add a sentence for the reader. */
  notice(sentence: string): void {
    this.#notices.append(make('li', '', cleanText(sentence)));
    this.#notices.hidden = false;
    this.#changed();
  }

  /** Set the line of facts below the answer. */
  footer(line: string): void {
    this.#footer.textContent = cleanText(line);
    this.#footer.hidden = line === '';
    this.#changed();
  }

  /** Show what a `StreamReader` read; a gap is for the caller to fill. */
  show(step: Step): void {
    switch (step.kind) {
      case 'text':
        this.text(step.text);
        break;
      case 'reasoning':
        this.reasoning(step.text);
        break;
      case 'notice':
        this.notice(step.text);
        break;
      case 'unreadable':
        this.notice(step.why);
        break;
      case 'end':
        step.notices.forEach((sentence) => {
          this.notice(sentence);
        });
        this.footer(step.footer);
        this.end();
        break;
      case 'gap':
    }
  }

  /** Draw the text that came so far, at once. */
  flush(): void {
    this.#text?.flush();
  }

  /** Say that nothing more comes. */
  end(): void {
    this.#endParts();
    this.#changed();
  }

  #endParts(): void {
    this.#endReasoning();
    this.#endText();
  }

  #endReasoning(): void {
    this.#reasoning?.end();
    this.#reasoning = null;
  }

  #endText(): void {
    this.#text?.end();
    this.#text = null;
  }

  #added<View extends { node: HTMLElement }>(view: View): View {
    this.#answer.append(view.node);
    return view;
  }

  #changed(): void {
    this.#options.drawn?.();
  }
}
