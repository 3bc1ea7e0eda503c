import type { Port } from '../src/panel/index';
import { Panel } from '../src/panel/index';
import type { MathModule } from '../src/panel/math-loader';
import { StillClock } from './still-clock';

type Fields = Record<string, unknown>;

/** A kernel that says what a test says, and the panel that listens. */
export class PanelKernel {
  readonly clock = new StillClock();
  readonly sent: Fields[] = [];
  readonly panel: Panel;
  close: () => void = () => undefined;
  isBroken = false;
  #take: (data: unknown) => void = () => undefined;

  constructor(loadMath?: (source: string) => Promise<MathModule>) {
    const port: Port = {
      send: (message) => {
        if (this.isBroken) {
          throw new Error('The comm is closed.');
        }
        this.sent.push(message);
      },
      onMessage: (take) => {
        this.#take = take;
        return () => {
          this.#take = () => undefined;
        };
      },
      onClosed: (closed) => {
        this.close = closed;
        return () => undefined;
      },
    };
    this.panel = new Panel(port, { clock: this.clock, loadMath });
    document.body.replaceChildren(this.panel.node);
  }

  /** Say something, with the version. */
  say(message: Fields): void {
    this.#take({ v: 1, ...message });
  }

  /** Say something just so. */
  sayRaw(data: unknown): void {
    this.#take(data);
  }

  /** Show turns; what a turn does not name is plain. */
  show(turns: Fields[], order = turns.map(({ id }) => id)): void {
    this.say({ kind: 'turns', order, turns: turns.map((turn) => ({ ...PLAIN, ...turn })) });
  }

  /** Return the messages of a kind that the panel sent. */
  sentOf(kind: string): Fields[] {
    return this.sent.filter((message) => message['kind'] === kind);
  }

  /** Return the last message of a kind that the panel sent. */
  last(kind: string): Fields {
    return this.sentOf(kind).at(-1) ?? {};
  }

  all(selector: string): HTMLElement[] {
    return [...this.panel.node.querySelectorAll<HTMLElement>(selector)];
  }

  text(selector: string): string {
    return this.all(selector)[0]?.textContent ?? '';
  }

  button(label: string): HTMLButtonElement {
    const found = this.all('button').find(
      (each) => each.textContent === label || each.ariaLabel === label,
    );
    if (found === undefined) {
      throw new Error(`There is no button “${label}”.`);
    }
    return found as HTMLButtonElement;
  }

  get field(): HTMLTextAreaElement {
    return this.all('.deepshi-box textarea')[0] as HTMLTextAreaElement;
  }

  write(text: string): void {
    this.field.value = text;
    this.field.dispatchEvent(new Event('input'));
  }

  press(key: string, more: KeyboardEventInit = {}): void {
    this.field.dispatchEvent(new KeyboardEvent('keydown', { key, ...more }));
  }

  /** Ask a question; returns its id. */
  ask(text: string): string {
    this.write(text);
    this.press('Enter');
    return String(this.last('ask')['ask']);
  }
}

export const PLAIN = {
  rev: 1,
  question: 'Why?',
  text: 'Because.',
  reasoning: '',
  reasoning_seconds: null,
  tools: [],
  pictures: [],
  notices: [],
  footer: '',
  stale: '',
  own: true,
  below: false,
  branches: [],
  others: [],
  partial: false,
};

export const SETTINGS = {
  kind: 'settings',
  model: 'm-1',
  system: '',
  chat: '',
  where: 'end',
  mode: 'live',
  parameters: [],
  spent: '2 calls · $0.01',
  offline: false,
};
