import { KernelMessage, type Kernel } from '@jupyterlab/services';

import type { Clock } from '../../src/clock';
import { isText } from './json-shape';

/** What of a kernel's connection is used here. */
export type SubshellKernel = Pick<
  Kernel.IKernelConnection,
  | 'clientId'
  | 'connectionStatus'
  | 'connectionStatusChanged'
  | 'info'
  | 'sendControlMessage'
  | 'username'
> &
  Partial<Pick<Kernel.IKernelConnection, 'commsOverSubshells' | 'supportsSubshells'>>;

/** A kernel that says nothing of itself for so many milliseconds runs a cell. */
const INFO_WAIT = 300;
/**
 * A kernel that makes no subshell within so many milliseconds has none. JupyterLab holds back requests for 3 s
 * where some were made before the connection was there and the kernel runs a cell.
 */
const REPLY_WAIT = 6000;

/**
 * Make a thread of the kernel that takes our messages while a cell runs.
 *
 * JupyterLab makes one for each target of comms, too, but asks the kernel for its abilities first, and after
 * a reload of the page that is answered when the cell that runs has ended. The request itself
 * goes over the control channel, which is always read.
 *
 * @returns The id of the subshell, or null where there are none (ipykernel 6) or the user wants none.
 */
export async function makeSubshell(kernel: SubshellKernel, clock: Clock): Promise<string | null> {
  if (String(kernel.commsOverSubshells) === 'disabled') {
    return null;
  }
  await connected(kernel);
  const isKnown = await within(INFO_WAIT, kernel.info, clock);
  if (isKnown !== null && kernel.supportsSubshells !== true) {
    return null;
  }
  const request = KernelMessage.createMessage<KernelMessage.ICreateSubshellRequestMsg>({
    msgType: 'create_subshell_request',
    channel: 'control',
    username: kernel.username,
    session: kernel.clientId,
    content: {},
  });
  const future = kernel.sendControlMessage(request, true);
  const reply = await within(REPLY_WAIT, future.done, clock);
  const id: unknown =
    reply === null ? null : (reply.content as { subshell_id?: unknown }).subshell_id;
  return isText(id) ? id : null;
}

/** Wait for the connection: a request that was made before it waits for the cell that runs. */
function connected(kernel: SubshellKernel): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (kernel.connectionStatus === 'connected') {
        kernel.connectionStatusChanged.disconnect(look);
        resolve();
      }
    };
    kernel.connectionStatusChanged.connect(look);
    look();
  });
}

/** What a promise gives; null if it gives nothing in time, or fails. */
async function within<Value>(
  milliseconds: number,
  promise: Promise<Value>,
  clock: Clock,
): Promise<Value | null> {
  let callOff: (() => void) | null = null;
  const late = new Promise<null>((resolve) => {
    callOff = clock.after(milliseconds, () => {
      resolve(null);
    });
  });
  const value = await Promise.race([promise.catch(() => null), late]);
  (callOff as (() => void) | null)?.();
  return value;
}
