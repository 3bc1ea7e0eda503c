import { REPLY_TO, type Received, type ReplyKind, type RequestKind } from './protocol';

/** Something that the kernel or the link to it could not do: what happened, and what to do. */
export class LinkError extends Error {
  readonly what: string;
  readonly todo: string;

  constructor(what: string, todo: string) {
    super(`${what} ${todo}`);
    this.name = 'LinkError';
    this.what = what;
    this.todo = todo;
  }
}

interface Pending {
  kind: RequestKind;
  /** The turn that the reply must be about, if the request names one. */
  turn: string | null;
  resolve: (reply: unknown) => void;
  reject: (reason: Error) => void;
}

/**
 * The requests that wait for a reply.
 *
 * A reply belongs to the oldest request of its kind, and about its turn. A kernel replies in order; a reply
 * that was lost on its way must not be taken for that of a later request, so requests about turns compare these.
 */
export class PendingRequests {
  #waiting: Pending[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  /** Wait for a reply; `signal` gives up. */
  wait(kind: RequestKind, fields: object, signal: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const turn = 'turn' in fields && typeof fields.turn === 'string' ? fields.turn : null;
      const pending: Pending = { kind, turn, resolve, reject };
      this.#waiting.push(pending);
      signal.addEventListener('abort', () => {
        this.#remove(pending);
        reject(signal.reason as Error);
      });
    });
  }

  /** Hand a message of the kernel to the request that it replies to; false if there is none. */
  settle(received: Received): boolean {
    const pending = this.#waiting.find((each) => isReply(received, each));
    if (pending === undefined) {
      return false;
    }
    this.#remove(pending);
    if (received.kind === 'error') {
      pending.reject(new LinkError(received.refusal.what, received.refusal.todo));
    } else {
      pending.resolve(received.reply);
    }
    return true;
  }

  /** Say to all that no reply comes. */
  rejectAll(reason: LinkError): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    waiting.forEach(({ reject }) => {
      reject(reason);
    });
  }

  #remove(pending: Pending): void {
    this.#waiting = this.#waiting.filter((each) => each !== pending);
  }
}

function isReply(received: Received, { kind, turn }: Pending): boolean {
  if (received.kind === 'error') {
    return received.refusal.to === kind;
  }
  const expected: ReplyKind = REPLY_TO[kind];
  const { reply } = received;
  return received.kind === expected && (turn === null || !('turn' in reply) || reply.turn === turn);
}
