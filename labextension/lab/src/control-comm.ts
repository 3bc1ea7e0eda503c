import { KernelMessage, type Kernel } from '@jupyterlab/services';

import type { Json } from './json-shape';
import { CONTROL, VERSION } from './protocol';

/** What of a kernel's connection is used here. */
export type ControlKernel = Pick<
  Kernel.IKernelConnection,
  'clientId' | 'createComm' | 'isDisposed' | 'sendShellMessage' | 'username'
>;

export interface ControlHandlers {
  /** The kernel sent something. */
  took: (data: unknown) => void;
  /** The kernel closed the comm. */
  closed: () => void;
}

/** The comm `deepshi.control`; sends over a subshell of its own, where there is one. */
export class ControlComm {
  readonly #kernel: ControlKernel;
  readonly #subshell: string | null;
  readonly #comm: Kernel.IComm;

  constructor(kernel: ControlKernel, subshell: string | null, handlers: ControlHandlers) {
    this.#kernel = kernel;
    this.#subshell = subshell;
    this.#comm = commWithoutSubshell(kernel, CONTROL);
    this.#comm.onMsg = ({ content }) => {
      handlers.took(content.data);
    };
    this.#comm.onClose = handlers.closed;
    this.#tell('comm_open', { target_name: CONTROL, data: { v: VERSION } });
  }

  send(data: Json): void {
    this.#tell('comm_msg', { data });
  }

  /** Close it, and hear nothing more of it. */
  close(): void {
    if (!this.#comm.isDisposed && !this.#kernel.isDisposed) {
      this.#tell('comm_close', { data: {} });
    }
    this.#comm.onMsg = () => undefined;
    this.#comm.onClose = () => undefined;
    this.#comm.dispose();
  }

  #tell(msgType: 'comm_open' | 'comm_msg' | 'comm_close', content: Json): void {
    const message = KernelMessage.createMessage<KernelMessage.ICommMsgMsg<'shell'>>({
      msgType: msgType as 'comm_msg', // the three differ in their content only
      channel: 'shell',
      username: this.#kernel.username,
      session: this.#kernel.clientId,
      subshellId: this.#subshell,
      content: { comm_id: this.#comm.commId, ...content } as KernelMessage.ICommMsgMsg['content'],
    });
    this.#kernel.sendShellMessage(message, false, true);
  }
}

/**
 * Make a comm for which JupyterLab makes no subshell; it looks at this property before it does.
 *
 * @param id That of a comm that the kernel opened for another page, to read it here.
 */
export function commWithoutSubshell(
  kernel: Pick<Kernel.IKernelConnection, 'createComm'>,
  target: string,
  id?: string,
): Kernel.IComm {
  const comm = kernel.createComm(target, id);
  (comm as { commsOverSubshells?: string }).commsOverSubshells = 'disabled';
  return comm;
}
