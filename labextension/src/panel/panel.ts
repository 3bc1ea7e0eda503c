import { addRules, addStyle } from '../style';
import { pageClock, type Clock } from '../clock';
import { button, make } from '../elements';
import type { MathHook } from '../markdown-nodes';
import { Composer, type Question } from './composer';
import { ConversationView } from './conversation-view';
import { copyText } from './copy-text';
import { keepFocus } from './focus-keeper';
import { MathLoader, type LoadMath } from './math-loader';
import {
  readMessage,
  VERSION,
  type KernelMessage,
  type PageMessage,
  type Problem,
  type Settings,
  type ShownTurn,
} from './messages';
import { newId } from './new-id';
import rules from './panel.css';
import type { Port, Undo } from './port';
import { ProblemView } from './problem-view';
import { saveFile } from './save-file';
import { SettingsView } from './settings-view';
import { sparePageShortcuts } from './page-shortcuts';
import { words } from './words';

/** Milliseconds after which a kernel that does not answer is spoken of. */
const PATIENCE = 10_000;
const FIRST_PATIENCE = 3_000;

export interface PanelOptions {
  clock?: Clock | undefined;
  /** Fill the element that the panel is in, as in a side bar, and do not grow with its content. */
  fill?: boolean | undefined;
  /** Shows mathematics, where the page has a way of its own; else the kernel is asked for one. */
  math?: MathHook | undefined;
  loadMath?: LoadMath | undefined;
}

type Inserted = Extract<KernelMessage, { kind: 'inserted' }>;

/** Whether the kernel has not answered yet, answers, or is gone. */
type Link = 'connecting' | 'live' | 'lost';

/**
 * The panel: a conversation, a composer and the settings, over a `Port` to the kernel.
 *
 * The kernel owns the state; the panel shows what it says and asks for changes. What was asked and
 * not answered stays here, so that a question is never lost.
 */
export class Panel {
  readonly node = make('section', 'deepshi-panel');
  readonly #port: Port;
  readonly #clock: Clock;
  readonly #conversation: ConversationView;
  readonly #composer: Composer;
  readonly #settings: SettingsView;
  readonly #problems = new ProblemView();
  readonly #lost = make('p', 'deepshi-lost');
  readonly #spent = make('span', '');
  readonly #said = make('span', 'deepshi-said');
  readonly #math: MathLoader;
  readonly #undo: Undo[] = [];
  readonly #asked = new Map<string, Question>();
  readonly #stopped = new Set<string>();
  #running: string[] = [];
  #link: Link = 'connecting';
  #callOff: Undo = () => undefined;

  constructor(port: Port, options: PanelOptions = {}) {
    this.#port = port;
    this.#clock = options.clock ?? pageClock;
    this.#math = this.#newMath(options);
    this.#conversation = this.#newConversation(options.math ?? this.#math.hook);
    this.#composer = new Composer(
      {
        send: (question) => {
          this.#ask(question);
        },
        stop: () => {
          this.#stop();
        },
        preview: (id, text, evaluate) => {
          this.#send({ kind: 'preview', id, text, evaluate });
        },
      },
      this.#clock,
    );
    this.#settings = this.#newSettings();
    this.#build(options.fill ?? false);
    this.#listen();
    this.#send({ kind: 'hello' });
    this.#wait(FIRST_PATIENCE, words.connecting);
  }

  /** Put the focus where a question is written. */
  focus(): void {
    this.#composer.focus();
  }

  /** Give the page the look of the panel; call when the panel stands in it. */
  addStyle(): void {
    const root = this.#root();
    addStyle(root);
    addRules('deepshi-panel-style', rules, root);
    this.#composer.fit();
  }

  /** Let go of the port and the clock. */
  dispose(): void {
    this.#callOff();
    this.#conversation.forgetLive();
    for (const undo of this.#undo) {
      undo();
    }
  }

  #newMath(options: PanelOptions): MathLoader {
    const ask = (): void => {
      this.#send({ kind: 'math' });
    };
    const drawn = (): void => {
      this.#conversation.transcript.changed();
    };
    return new MathLoader(ask, drawn, () => this.#root(), options.loadMath, this.#clock);
  }

  #newConversation(math: MathHook): ConversationView {
    const acts = {
      copy: copyText,
      regenerate: (turn: ShownTurn) => {
        this.#regenerate(turn);
      },
      edit: ({ id, question }: ShownTurn) => {
        this.#composer.edit(id, question);
      },
      branch: ({ id }: ShownTurn, to: string) => {
        this.#send({ kind: 'branch', turn: id, to });
      },
      insert: ({ id }: ShownTurn, what: 'answer' | 'code' | 'turn') => {
        this.#send({ kind: 'insert', turn: id, what });
      },
      decide: (ask: string, call: string, decision: 'once' | 'always' | 'refuse') => {
        this.#send({ kind: 'decide', ask, call, decision });
      },
      missed: (ask: string) => {
        this.#send({ kind: 'snapshot', ask });
      },
    };
    return new ConversationView(acts, { math, clock: this.#clock });
  }

  #newSettings(): SettingsView {
    return new SettingsView({
      set: (name, value) => {
        this.#send({ kind: 'set', name, value });
      },
      refreshModels: () => {
        this.#send({ kind: 'models', refresh: true });
      },
      export: (format) => {
        this.#send({ kind: 'export', format });
      },
    });
  }

  #build(fill: boolean): void {
    this.node.ariaLabel = words.panel;
    this.node.classList.toggle('deepshi-fills', fill);
    this.#lost.hidden = true;
    const foot = make('div', 'deepshi-foot', this.#spent, this.#said);
    this.node.append(
      this.#settings.node,
      this.#conversation.transcript.node,
      this.#lost,
      this.#problems.node,
      this.#composer.node,
      foot,
    );
    this.#undo.push(
      keepFocus(this.node, () => this.#composer.field),
      sparePageShortcuts(this.node),
    );
    this.#enable();
  }

  #listen(): void {
    this.#undo.push(
      this.#port.onMessage((data) => {
        this.#take(data);
      }),
      this.#port.onClosed(() => {
        this.#lose();
      }),
    );
  }

  #root(): Document | ShadowRoot {
    const root = this.node.getRootNode();
    return root instanceof ShadowRoot ? root : document;
  }

  #send(message: PageMessage): void {
    try {
      this.#port.send({ v: VERSION, ...message });
    } catch {
      this.#lose();
    }
  }

  // What the reader does

  #ask(question: Question): void {
    const ask = newId();
    const { text, attach, insteadOf } = question;
    this.#asked.set(ask, question);
    this.#start({ ask, question: text, insteadOf });
    this.#send({ kind: 'ask', ask, text, attach, instead_of: insteadOf });
  }

  #regenerate({ id, question }: ShownTurn): void {
    const ask = newId();
    this.#start({ ask, question, insteadOf: id });
    this.#send({ kind: 'regenerate', ask, turn: id });
  }

  #start(begin: { ask: string; question: string; insteadOf: string | null }): void {
    this.#problems.clear();
    this.#say('');
    this.#running.push(begin.ask);
    this.#conversation.begin(begin);
    this.#conversation.transcript.goToEnd();
    this.#enable();
    this.#wait(PATIENCE, words.silent);
  }

  #stop(): void {
    const ask = this.#running.at(-1);
    if (ask !== undefined) {
      this.#stopped.add(ask);
      this.#send({ kind: 'stop', ask });
    }
  }

  // What the kernel says

  #take(data: unknown): void {
    const message = readMessage(data);
    if (message?.kind === 'unreadable') {
      this.#problems.show({ what: words.newer(message.version), todo: words.newerTodo });
      return;
    }
    this.#came();
    if (message !== null) {
      this.#show(message);
    }
  }

  #show(message: Exclude<KernelMessage, { kind: 'unreadable' }>): void {
    const conversation = this.#conversation;
    switch (message.kind) {
      case 'turns':
        conversation.show(message.order, message.turns);
        this.#composer.history = conversation.questions;
        break;
      case 'begin':
        this.#begin(message);
        break;
      case 'delta':
        conversation.live(message.ask)?.delta(message.data);
        break;
      case 'tool':
        conversation.live(message.ask)?.tool(message.call);
        break;
      case 'snapshot':
        conversation.live(message.ask)?.snapshot(message.snapshot);
        break;
      case 'ended':
        this.#ended(message);
        break;
      default:
        this.#showRest(message);
    }
  }

  #showRest(
    message: Exclude<
      KernelMessage,
      { kind: 'unreadable' | 'turns' | 'begin' | 'delta' | 'tool' | 'snapshot' | 'ended' }
    >,
  ): void {
    switch (message.kind) {
      case 'settings':
        this.#showSettings(message.settings);
        break;
      case 'models':
        this.#settings.models = message;
        break;
      case 'preview':
        this.#composer.show(message.id, message.values, message.error);
        break;
      case 'inserted':
        this.#inserted(message);
        break;
      case 'exported':
        saveFile(message.name, message.text);
        this.#say(words.exported(message.name));
        break;
      case 'math':
        void this.#math.take(message.source);
        break;
      case 'error':
        this.#problems.show(message.problem);
        break;
      case 'pong':
    }
  }

  /** A front end that can insert cells takes the event; elsewhere the cell is there to be copied. */
  #inserted({ turn, what, note, source, cells }: Inserted): void {
    const detail = { turn, what, cells };
    const event = new CustomEvent('deepshi-insert', { detail, bubbles: true, cancelable: true });
    const isInserted = !this.node.dispatchEvent(event);
    if (isInserted || source === '') {
      this.#say(note === '' ? words.inserted : note);
      return;
    }
    this.#say([words.copyCell, note].filter(Boolean).join(' '));
    const copy = button(words.copy, 'deepshi-flat', () => {
      void copyText(source).then((isCopied) => {
        copy.textContent = isCopied ? words.copied : words.notCopied;
      });
    });
    this.#said.append(' ', copy);
  }

  #begin(message: { ask: string; question: string; insteadOf: string | null }): void {
    this.#conversation.begin(message);
    if (!this.#running.includes(message.ask)) {
      this.#running.push(message.ask); // another view of this panel asked it
    }
    this.#enable();
    this.#conversation.transcript.announce(words.begins);
  }

  #ended({ ask, turn, error }: { ask: string; turn: string | null; error: Problem | null }): void {
    this.#running = this.#running.filter((each) => each !== ask);
    this.#conversation.end(ask);
    const question = this.#asked.get(ask) ?? null;
    this.#asked.delete(ask);
    if (error !== null) {
      this.#failed(error, turn === null ? question : null);
    }
    const isStopped = this.#stopped.delete(ask);
    this.#conversation.transcript.announce(endOf(isStopped, turn, error));
    this.#enable();
  }

  /** Show what went wrong; the question goes back to where it was written. */
  #failed(error: Problem, question: Question | null): void {
    const restore = (): void => {
      if (question !== null) {
        this.#composer.put(question);
        this.#composer.focus();
      }
    };
    if (question !== null && this.#composer.isEmpty) {
      this.#composer.put(question);
      this.#problems.show(error);
    } else {
      this.#problems.show(error, question === null ? null : restore);
    }
  }

  #showSettings(settings: Settings): void {
    this.#settings.settings = settings;
    this.#composer.where = settings.where;
    this.#conversation.where = settings.where;
    this.#spent.textContent = settings.spent;
    this.#settings.isEnabled = this.#link === 'live';
  }

  /** Show one sentence below the composer, and say it to those who hear the page. */
  #say(sentence: string): void {
    this.#said.textContent = sentence;
    if (sentence !== '') {
      this.#conversation.transcript.announce(sentence);
    }
  }

  // Whether the kernel is there

  #came(): void {
    this.#callOff();
    this.#lost.hidden = true;
    if (this.#link === 'live') {
      return;
    }
    const wasLost = this.#link === 'lost';
    this.#link = 'live';
    if (wasLost) {
      this.#running = [];
      this.#conversation.forgetLive();
      this.#send({ kind: 'hello' });
    }
    this.#enable();
  }

  #lose(): void {
    if (this.#link === 'lost') {
      return;
    }
    this.#callOff();
    this.#link = 'lost';
    this.#conversation.lose();
    this.#showLost(words.lost);
    this.#enable();
  }

  /** Speak of it when nothing comes for a while; the kernel may only be busy. */
  #wait(patience: number, sentence: string): void {
    this.#callOff();
    this.#callOff = this.#clock.after(patience, () => {
      this.#showLost(sentence);
      if (this.#link === 'connecting' && sentence !== words.connectingLong) {
        this.#wait(PATIENCE, words.connectingLong);
      }
    });
  }

  #showLost(sentence: string): void {
    this.#lost.textContent = sentence;
    this.#lost.hidden = false;
    this.#conversation.transcript.announce(sentence);
    this.#conversation.transcript.changed();
  }

  #enable(): void {
    const isLive = this.#link === 'live';
    const isRunning = this.#running.length > 0;
    this.node.classList.toggle('deepshi-live', isLive);
    this.#composer.state = !isLive ? 'off' : isRunning ? 'running' : 'ready';
    this.#conversation.canAct = isLive && !isRunning;
    this.#settings.isEnabled = isLive;
  }
}

/** Return how an answer ended, in a sentence for those who hear the page. */
function endOf(isStopped: boolean, turn: string | null, error: Problem | null): string {
  if (isStopped) {
    return words.stopped;
  }
  if (error === null) {
    return words.ends;
  }
  return turn === null ? words.failed : words.broken;
}
