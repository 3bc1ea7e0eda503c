import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { Signal, type ISignal } from '@lumino/signaling';

import { pageClock, type Clock } from '../../src/clock';
import { AnswerStream } from './answer-stream';
import { ControlComm, commWithoutSubshell, type ControlKernel } from './control-comm';
import type { Json } from './json-shape';
import { LinkError, PendingRequests } from './pending-requests';
import {
  EDIT,
  READY,
  STREAM,
  isOfVersion,
  message,
  readLineEdit,
  readMessage,
  readStreamOpening,
  type LineEdit,
  type Order,
  type Replies,
  type ReplyOf,
  type RequestKind,
  type Requests,
  type RunningTurn,
} from './protocol';
import { makeSubshell, type SubshellKernel } from './subshell';

/** What of a kernel's connection the link uses. */
export type LinkKernel = ControlKernel &
  SubshellKernel &
  Pick<
    Kernel.IKernelConnection,
    | 'connectionStatusChanged'
    | 'handleComms'
    | 'interrupt'
    | 'registerCommTarget'
    | 'removeCommTarget'
    | 'statusChanged'
  >;

/** `opening`: the kernel has not answered yet, which takes until the end of a cell without subshells. */
export type LinkState = 'closed' | 'opening' | 'open';

export interface RequestOptions {
  /** Gives up waiting; the kernel is not told. */
  signal?: AbortSignal | undefined;
  /** Milliseconds after which to give up; 10 s unless told. null: wait for ever. */
  timeout?: number | null | undefined;
}

export interface LinkOptions {
  /** Whether the notebook holds questions or answers, so that a kernel may know of it. */
  isWanted: () => boolean;
  clock?: Clock | undefined;
}

/** A kernel that does not confirm a Stop within so many milliseconds is interrupted. */
const STOP_WAIT = 500;
const REPLY_WAIT = 10_000;
/** A snapshot that was lost on its way is asked for again. */
const SNAPSHOT_WAIT = 2000;
/** So many ended streams are kept for views that are made later. */
const KEPT_STREAMS = 20;

const NAME = 'jupyterlab';
const READS = ['stream', 'edit'];

/**
 * The link of one notebook to its kernel; has no part in the page.
 *
 * It opens the comm `deepshi.control` when the kernel says that the magics are loaded, and when it meets a
 * kernel while the notebook holds questions or answers, as after a reload of the page. A restart closes
 * it. Each open link begins with `welcomed`.
 */
export class KernelLink {
  readonly #isWanted: () => boolean;
  readonly #clock: Clock;
  readonly #pending = new PendingRequests();
  readonly #streams = new Map<string, AnswerStream>();
  readonly #stateChanged = new Signal<this, LinkState>(this);
  readonly #welcomed = new Signal<this, Replies['welcome']>(this);
  readonly #streamAdded = new Signal<this, AnswerStream>(this);
  readonly #streamAdopted = new Signal<this, AnswerStream>(this);
  readonly #lineEdited = new Signal<this, LineEdit>(this);
  readonly #disposed = new Signal<this, void>(this);
  #kernel: LinkKernel | null = null;
  #comm: ControlComm | null = null;
  /** The thread of the kernel that takes our messages; one for as long as the kernel lives. */
  #subshell: Promise<string | null> | null = null;
  #state: LinkState = 'closed';
  /** Counts the tries to open, so that a late step of an old one does nothing. */
  #attempt = 0;
  #hasTried = false;
  #isRestarting = false;
  #wasConnected = true;
  #orderSeq = 0;
  #isDisposed = false;

  constructor({ isWanted, clock }: LinkOptions) {
    this.#isWanted = isWanted;
    this.#clock = clock ?? pageClock;
  }

  get state(): LinkState {
    return this.#state;
  }

  get kernel(): LinkKernel | null {
    return this.#kernel;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** The answers that are coming, and the last ones that came, by turn. */
  get streams(): ReadonlyMap<string, AnswerStream> {
    return this.#streams;
  }

  get stateChanged(): ISignal<this, LinkState> {
    return this.#stateChanged;
  }

  /** The kernel has answered; what it should know of this notebook is to be sent now. */
  get welcomed(): ISignal<this, Replies['welcome']> {
    return this.#welcomed;
  }

  /** An answer begins. */
  get streamAdded(): ISignal<this, AnswerStream> {
    return this.#streamAdded;
  }

  /** An answer is coming whose cell another page started; emitted after `streamAdded`. */
  get streamAdopted(): ISignal<this, AnswerStream> {
    return this.#streamAdopted;
  }

  /** The kernel changes the first line of a cell. */
  get lineEdited(): ISignal<this, LineEdit> {
    return this.#lineEdited;
  }

  get disposed(): ISignal<this, void> {
    return this.#disposed;
  }

  /** Link to another kernel, or to none. */
  use(kernel: LinkKernel | null): void {
    if (kernel === this.#kernel) {
      return;
    }
    this.#leave();
    this.#kernel = kernel;
    if (kernel?.handleComms === true) {
      this.#meet(kernel);
    }
  }

  /**
   * Open the link if the notebook has come to hold something since the kernel was met.
   *
   * A kernel without the magics is asked once: it writes each refusal into its log.
   */
  openIfWanted(): void {
    if (this.#state === 'closed' && !this.#hasTried && !this.#isRestarting && this.#isWanted()) {
      this.#open();
    }
  }

  /**
   * Ask the kernel.
   *
   * @throws LinkError The kernel refused, or the link is not open or was closed.
   */
  async request<Kind extends RequestKind>(
    kind: Kind,
    fields: Requests[Kind],
    { signal, timeout = REPLY_WAIT }: RequestOptions = {},
  ): Promise<ReplyOf<Kind>> {
    if (this.#state !== 'open') {
      throw notLinked();
    }
    return this.#ask(kind, fields, signal ?? null, timeout);
  }

  /** Tell the kernel the order of cells; nothing happens while the link is not open. */
  sendOrder(order: Omit<Order, 'seq'>): void {
    if (this.#state === 'open') {
      this.#send(message('order', { seq: this.#orderSeq++, ...order }));
    }
  }

  /**
   * Stop an answer; a kernel that does not confirm it in time is interrupted.
   *
   * @returns Whether there was such an answer; true after an interrupt.
   */
  async stop(which: Requests['stop']): Promise<boolean> {
    try {
      const { found } = await this.request('stop', which, { timeout: STOP_WAIT });
      return found;
    } catch {
      await this.#kernel?.interrupt();
      return true;
    }
  }

  dispose(): void {
    if (this.#isDisposed) {
      return;
    }
    this.use(null);
    this.#isDisposed = true;
    this.#disposed.emit();
    Signal.clearData(this);
  }

  #meet(kernel: LinkKernel): void {
    kernel.registerCommTarget(READY, this.#onReady);
    kernel.registerCommTarget(STREAM, this.#onStream);
    kernel.registerCommTarget(EDIT, this.#onEdit);
    kernel.statusChanged.connect(this.#onStatus, this);
    kernel.connectionStatusChanged.connect(this.#onConnection, this);
    this.openIfWanted();
  }

  #leave(): void {
    const kernel = this.#kernel;
    this.#close(new LinkError('The notebook left its kernel.', 'Run the cell again.'));
    this.#forget();
    this.#isRestarting = false;
    this.#wasConnected = true;
    if (kernel?.handleComms === true) {
      kernel.statusChanged.disconnect(this.#onStatus, this);
      kernel.connectionStatusChanged.disconnect(this.#onConnection, this);
      kernel.removeCommTarget(READY, this.#onReady);
      kernel.removeCommTarget(STREAM, this.#onStream);
      kernel.removeCommTarget(EDIT, this.#onEdit);
    }
  }

  #open(): void {
    const kernel = this.#kernel;
    if (kernel?.handleComms !== true) {
      return;
    }
    this.#hasTried = true;
    this.#close(new LinkError('The link to the kernel was opened anew.', 'Try again.'));
    this.#setState('opening');
    const attempt = ++this.#attempt;
    this.#openNow(kernel, attempt).catch(() => {
      this.#closed(attempt);
    });
  }

  async #openNow(kernel: LinkKernel, attempt: number): Promise<void> {
    this.#subshell ??= makeSubshell(kernel, this.#clock);
    const subshell = await this.#subshell;
    if (attempt !== this.#attempt) {
      return;
    }
    this.#comm = new ControlComm(kernel, subshell, {
      took: (data) => {
        this.#take(attempt, data);
      },
      closed: () => {
        this.#closed(attempt);
      },
    });
    const hello = { front_end: NAME, reads: READS };
    const welcome = await this.#ask('hello', hello, null, null);
    if (attempt === this.#attempt) {
      this.#welcome(welcome);
    }
  }

  #welcome(welcome: Replies['welcome']): void {
    this.#orderSeq = 0;
    this.#setState('open');
    this.#welcomed.emit(welcome);
    welcome.running.forEach((running) => {
      this.#goOn(running);
    });
  }

  /** Go on with an answer that began before this link did. */
  #goOn({ turn, cell, comm = '' }: RunningTurn): void {
    const known = this.#streams.get(turn);
    if (known !== undefined) {
      void known.catchUp();
      return;
    }
    const stream = this.#addStream(turn, cell, comm !== '');
    if (comm !== '' && this.#kernel !== null) {
      this.#read(stream, commWithoutSubshell(this.#kernel, STREAM, comm));
    }
    void stream.catchUp();
    this.#streamAdopted.emit(stream);
  }

  #addStream(turn: string, cell: string, hasComm: boolean): AnswerStream {
    const ask = (): Promise<Replies['snapshot']> =>
      this.request('snapshot', { turn }, { timeout: SNAPSHOT_WAIT });
    const stream = new AnswerStream({ turn, cell, ask, hasComm, clock: this.#clock });
    const ended = [...this.#streams.values()].filter(({ state }) => state !== 'running');
    ended.slice(0, Math.max(0, ended.length - KEPT_STREAMS)).forEach((old) => {
      this.#streams.delete(old.turn);
    });
    this.#streams.set(turn, stream);
    this.#streamAdded.emit(stream);
    return stream;
  }

  #read(stream: AnswerStream, comm: Kernel.IComm): void {
    comm.onMsg = ({ content }) => {
      stream.take(content.data);
    };
  }

  readonly #onReady = (comm: Kernel.IComm, { content }: KernelMessage.ICommOpenMsg): void => {
    if (isOfVersion(content.data)) {
      this.#open(); // the kernel then closes the comm
    } else {
      comm.close();
    }
  };

  readonly #onStream = (comm: Kernel.IComm, { content }: KernelMessage.ICommOpenMsg): void => {
    const opening = readStreamOpening(content.data);
    if (opening === null) {
      comm.close();
    } else {
      this.#read(this.#addStream(opening.turn, opening.cell, true), comm);
    }
  };

  readonly #onEdit = (_comm: Kernel.IComm, { content }: KernelMessage.ICommOpenMsg): void => {
    const edit = readLineEdit(content.data);
    if (edit !== null) {
      this.#lineEdited.emit(edit);
    }
  };

  #onStatus(_: unknown, status: string): void {
    if (status === 'restarting' || status === 'autorestarting' || status === 'dead') {
      this.#isRestarting = status !== 'dead';
      this.#close(new LinkError('The kernel was restarted or died.', 'Run the cell again.'));
      this.#forget();
    } else if (this.#isRestarting && (status === 'idle' || status === 'busy')) {
      this.#isRestarting = false;
      this.openIfWanted();
    }
  }

  /** After a break in the connection messages may be missing, and the kernel may be another. */
  #onConnection(_: unknown, status: string): void {
    if (status === 'connected' && !this.#wasConnected && this.#state !== 'closed') {
      this.#open();
    }
    this.#wasConnected = status === 'connected';
  }

  #take(attempt: number, data: unknown): void {
    const received = attempt === this.#attempt ? readMessage(data) : null;
    if (received !== null && !this.#pending.settle(received) && received.kind === 'error') {
      console.warn(`deepshi_jupyter: ${received.refusal.what} ${received.refusal.todo}`);
    }
  }

  async #ask<Kind extends RequestKind>(
    kind: Kind,
    fields: Requests[Kind],
    signal: AbortSignal | null,
    timeout: number | null,
  ): Promise<ReplyOf<Kind>> {
    const over = new AbortController();
    const giveUp = (): void => {
      over.abort(signal?.aborted === true ? signal.reason : noReply());
    };
    const callOff = timeout === null ? null : this.#clock.after(timeout, giveUp);
    signal?.addEventListener('abort', giveUp);
    try {
      signal?.throwIfAborted();
      const reply = this.#pending.wait(kind, fields, over.signal);
      this.#send(message(kind, fields));
      return (await reply) as ReplyOf<Kind>;
    } finally {
      callOff?.();
      signal?.removeEventListener('abort', giveUp);
    }
  }

  #send(data: Json): void {
    this.#comm?.send(data);
  }

  /** The kernel closed the comm: it has no magics, or they were unloaded. */
  #closed(attempt: number): void {
    if (attempt === this.#attempt) {
      this.#close(notLinked());
    }
  }

  #close(reason: LinkError): void {
    this.#attempt++;
    const comm = this.#comm;
    this.#comm = null;
    this.#pending.rejectAll(reason);
    comm?.close();
    this.#setState('closed');
  }

  /** Nothing more is heard of the kernel that was. */
  #forget(): void {
    this.#hasTried = false;
    this.#subshell = null;
    for (const stream of this.#streams.values()) {
      stream.cut();
    }
  }

  #setState(state: LinkState): void {
    if (state !== this.#state) {
      this.#state = state;
      this.#stateChanged.emit(state);
    }
  }
}

function notLinked(): LinkError {
  return new LinkError(
    'The notebook is not linked to deepshi_jupyter in its kernel.',
    'Run %load_ext deepshi_jupyter.',
  );
}

function noReply(): LinkError {
  return new LinkError('The kernel did not answer in time.', 'Try again, or interrupt the kernel.');
}
