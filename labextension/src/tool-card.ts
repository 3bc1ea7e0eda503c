import { cleanText } from './clean-text';
import { button, make } from './elements';

/** A tool that the model wants to call, calls, or has called. */
export interface ToolCall {
  id: string;
  name: string;
  /** The arguments as the model wrote them. */
  arguments: string;
  state: 'asking' | 'running' | 'done' | 'failed' | 'refused';
  seconds?: number | undefined;
  result?: string | undefined;
  /** What was left out of the result. */
  note?: string | undefined;
}

export type Decision = 'once' | 'always' | 'refuse';
export type OnDecision = (id: string, decision: Decision) => void;

const BUTTONS: [Decision, string][] = [
  ['once', 'Allow once'],
  ['always', 'Always allow'],
  ['refuse', 'Refuse'],
];

const LONGEST_LINE = 100;

/** One tool call: what is called with what, what came of it, and whether it may run. */
export class ToolCard {
  readonly node = make('section', 'deepshi-tool');
  readonly #details = make('details', '');
  readonly #title = make('summary', '');
  readonly #body = make('div', '');
  readonly #buttons = make('div', 'deepshi-buttons');
  readonly #onDecision: OnDecision;
  #call: ToolCall;

  constructor(call: ToolCall, onDecision: OnDecision) {
    this.#onDecision = onDecision;
    this.#call = call;
    this.#details.append(this.#title, this.#body);
    this.node.append(this.#details, this.#buttons);
    this.update(call);
  }

  /** Show what became of the call. */
  update(call: ToolCall): void {
    const isAsking = call.state === 'asking';
    if (isAsking || this.#call.state === 'asking') {
      this.#details.open = isAsking; // who is asked for leave must see for what
    }
    this.#call = call;
    this.node.ariaLabel = `Tool ${cleanText(call.name)}`;
    this.#title.textContent = `🔧 ${lineOf(call)}`;
    this.#body.replaceChildren(...bodyOf(call));
    this.#buttons.replaceChildren(...(isAsking ? this.#decisions() : []));
  }

  #decisions(): HTMLButtonElement[] {
    return BUTTONS.map(([decision, label]) =>
      button(label, `deepshi-${decision}`, () => {
        this.#decide(decision);
      }),
    );
  }

  #decide(decision: Decision): void {
    for (const pressed of this.#buttons.querySelectorAll('button')) {
      pressed.disabled = true;
    }
    this.#onDecision(this.#call.id, decision);
  }
}

function lineOf(call: ToolCall): string {
  const words = cleanText(call.arguments).split(/\s+/).join(' ');
  const shown = words.length > LONGEST_LINE ? `${words.slice(0, LONGEST_LINE - 1)}…` : words;
  return `${cleanText(call.name)}(${shown}) · ${endOf(call)}`;
}

function endOf({ state, seconds }: ToolCall): string {
  if (state === 'asking') {
    return 'may it run?';
  }
  if (state === 'running' || state === 'refused') {
    return state;
  }
  const time = seconds === undefined ? 'done' : `${seconds.toFixed(1)} s`;
  return state === 'failed' ? `failed, ${time}` : time;
}

function bodyOf({ arguments: written, result, note }: ToolCall): Node[] {
  const parts: Node[] = [part('Arguments', written)];
  if (result !== undefined) {
    parts.push(part('Result', result));
  }
  if (note !== undefined && note !== '') {
    parts.push(make('p', 'deepshi-note', cleanText(note)));
  }
  return parts;
}

/** A titled block of text that a keyboard can scroll. */
function part(title: string, text: string): HTMLElement {
  const block = make('pre', '', cleanText(text));
  block.tabIndex = 0;
  block.ariaLabel = title;
  return make('div', 'deepshi-part', make('p', 'deepshi-label', title), block);
}
