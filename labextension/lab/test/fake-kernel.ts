/** A kernel without a kernel: remembers what was sent, and says what a test tells it to. */

import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { isObject, type Json } from '../src/json-shape';
import type { LinkKernel } from '../src/kernel-link';
import { CONTROL } from '../src/protocol';

type OpenTarget = (comm: Kernel.IComm, message: KernelMessage.ICommOpenMsg) => unknown;

class FakeComm {
  onMsg: (message: unknown) => void = () => undefined;
  onClose: (message: unknown) => void = () => undefined;
  isDisposed = false;
  wasClosed = false;

  constructor(
    readonly targetName: string,
    readonly commId: string,
  ) {}

  close(): void {
    this.wasClosed = true;
    this.isDisposed = true;
  }

  dispose(): void {
    this.isDisposed = true;
  }

  /** Say something, as the kernel. */
  says(data: unknown): void {
    this.onMsg({ content: { data } });
  }

  /** Close it, as the kernel. */
  closedByKernel(): void {
    this.onClose({});
    this.isDisposed = true;
  }
}

export interface Sent {
  type: string;
  comm: string;
  subshell: string | null;
  data: Json;
}

export class FakeKernel {
  readonly clientId = 'client';
  readonly username = '';
  readonly statusChanged = new Signal<this, string>(this);
  readonly connectionStatusChanged = new Signal<this, string>(this);
  readonly targets = new Map<string, OpenTarget>();
  readonly comms: FakeComm[] = [];
  readonly sent: Sent[] = [];
  connectionStatus = 'connected';
  handleComms = true;
  isDisposed = false;
  supportsSubshells = true;
  commsOverSubshells = 'perCommTarget';
  info: Promise<unknown> = Promise.resolve({});
  interrupts = 0;
  subshells = 0;
  #ids = 0;

  /** The kernel as the link takes it. */
  get asKernel(): LinkKernel {
    return this as unknown as LinkKernel;
  }

  /** The control comm that was opened last. */
  get control(): FakeComm {
    const found = this.comms.findLast(({ targetName }) => targetName === CONTROL);
    if (found === undefined) {
      throw new Error('No control comm was made.');
    }
    return found;
  }

  /** What was sent over control comms, without `v`. */
  get asked(): Json[] {
    return this.sent
      .filter(({ type }) => type === 'comm_msg')
      .map(({ data }) => withoutVersion(data));
  }

  createComm(targetName: string, id = `comm-${this.#ids++}`): FakeComm {
    const comm = new FakeComm(targetName, id);
    this.comms.push(comm);
    return comm;
  }

  registerCommTarget(name: string, target: OpenTarget): void {
    this.targets.set(name, target);
  }

  removeCommTarget(name: string): void {
    this.targets.delete(name);
  }

  sendShellMessage(message: KernelMessage.IShellMessage): void {
    const { comm_id: comm, data } = message.content as { comm_id: string; data: Json };
    const { msg_type: type, subshell_id: subshell = null } = message.header;
    this.sent.push({ type, comm, subshell, data });
  }

  sendControlMessage(): { done: Promise<unknown> } {
    this.subshells++;
    const subshell_id = `subshell-${this.subshells}`;
    const none = new Promise<unknown>(() => undefined);
    const made = Promise.resolve({ content: { status: 'ok', subshell_id } });
    return { done: this.supportsSubshells ? made : none };
  }

  interrupt(): Promise<void> {
    this.interrupts++;
    return Promise.resolve();
  }

  /** Open a comm, as the kernel. */
  opens(target: string, data: Json): FakeComm {
    const comm = this.createComm(target);
    const message = { content: { data } } as unknown as KernelMessage.ICommOpenMsg;
    this.targets.get(target)?.(comm as unknown as Kernel.IComm, message);
    return comm;
  }

  /** Answer on the control comm. */
  replies(kind: string, fields: Json): void {
    this.control.says({ v: 1, kind, ...fields });
  }

  async welcomes(running: Json[] = []): Promise<void> {
    await settled();
    this.replies('welcome', { version: '0.1.0', running });
    await settled();
  }

  becomes(status: string): void {
    this.statusChanged.emit(status);
  }

  connection(status: string): void {
    this.connectionStatus = status;
    this.connectionStatusChanged.emit(status);
  }
}

/** Wait until all that follows at once has happened. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function withoutVersion(data: unknown): Json {
  const fields = Object.entries(isObject(data) ? data : {});
  return Object.fromEntries(fields.filter(([name]) => name !== 'v'));
}
