import { pageClock, type Clock } from '../clock';
import { VERSION } from './messages';
import { newId } from './new-id';
import type { Port, Undo } from './port';

/** What anywidget hands to `render` (https://anywidget.dev/en/afm/), as far as the panel uses it. */
export interface Model {
  send(content: unknown): void;
  on(event: string, callback: (...args: unknown[]) => void): void;
  off(event: string, callback: (...args: unknown[]) => void): void;
}

/** So many milliseconds a kernel has to say that it is there. */
const PATIENCE = 10_000;

/**
 * Talks to the kernel by the custom messages of an anywidget model.
 *
 * ipywidgets' models fire `comm_live_update` when their comm dies with a restart, and `comm:close`
 * when the kernel closes them; anywidget passes both on. The event says only that something changed.
 * Where the model can be reached (anywidget calls back with its view as `this`), it knows whether
 * its comm lives; elsewhere the kernel is asked, and silence means that it is gone.
 */
export function anywidgetPort(model: Model, clock: Clock = pageClock): Port {
  return {
    send(message) {
      model.send(message);
    },
    onMessage: (take) => listen(model, 'msg:custom', take),
    onClosed: (closed) => watch(model, clock, closed),
  };
}

function watch(model: Model, clock: Clock, closed: () => void): Undo {
  let callOff: Undo = () => undefined;
  const heard = (): void => {
    callOff();
  };
  const doubt = (): void => {
    callOff();
    callOff = clock.after(PATIENCE, closed);
    try {
      model.send({ v: VERSION, kind: 'ping', id: newId() });
    } catch {
      closed();
    }
  };
  function changed(this: unknown): void {
    const isLive = liveness(this);
    if (isLive === false) {
      closed();
    } else if (isLive === null) {
      doubt();
    }
  }
  const undo = [
    listen(model, 'msg:custom', heard),
    listen(model, 'comm_live_update', changed),
    listen(model, 'comm:close', closed),
    listen(model, 'destroy', closed),
  ];
  return () => {
    callOff();
    for (const each of undo) {
      each();
    }
  };
}

/** Return whether the comm of a view's model lives; null where that cannot be known. */
function liveness(view: unknown): boolean | null {
  const isLive = (view as { model?: { comm_live?: unknown } } | undefined)?.model?.comm_live;
  return typeof isLive === 'boolean' ? isLive : null;
}

function listen(model: Model, event: string, callback: (...args: unknown[]) => void): Undo {
  model.on(event, callback);
  return () => {
    model.off(event, callback);
  };
}
