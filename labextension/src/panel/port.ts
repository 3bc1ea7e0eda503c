import type { PageMessage } from './messages';

/** Takes back what was asked for. */
export type Undo = () => void;

/** The link of a panel to its kernel: an anywidget model, a comm, or a test. */
export interface Port {
  /** Send a message; may throw when the link is gone. */
  send(message: PageMessage & { v: 1 }): void;
  /** Call with each message that comes. */
  onMessage(take: (data: unknown) => void): Undo;
  /** Call when the kernel is gone for good. A message that comes later takes that back. */
  onClosed(closed: () => void): Undo;
}
