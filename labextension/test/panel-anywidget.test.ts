import './page';

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { anywidgetPort, type Model } from '../src/panel/anywidget-port';
import widget from '../src/panel/index';
import { StillClock } from './still-clock';

/** A model as anywidget hands it out. */
class FakeModel implements Model {
  readonly sent: unknown[] = [];
  readonly handlers = new Map<string, Set<(...args: unknown[]) => void>>();

  send(content: unknown): void {
    this.sent.push(content);
  }

  on(event: string, callback: (...args: unknown[]) => void): void {
    this.handlers.set(event, (this.handlers.get(event) ?? new Set()).add(callback));
  }

  off(event: string, callback: (...args: unknown[]) => void): void {
    this.handlers.get(event)?.delete(callback);
  }

  fire(event: string, context: unknown, ...args: unknown[]): void {
    for (const callback of this.handlers.get(event) ?? []) {
      callback.apply(context, args);
    }
  }
}

function watched(): { model: FakeModel; clock: StillClock; closed: () => number } {
  const [model, clock] = [new FakeModel(), new StillClock()];
  let count = 0;
  anywidgetPort(model, clock).onClosed(() => {
    count++;
  });
  return { model, clock, closed: () => count };
}

const view = (comm_live: boolean): unknown => ({ model: { comm_live } });

test('a comm that died with a restart is the end', () => {
  const { model, closed } = watched();
  model.fire('comm_live_update', view(true));
  assert.equal(closed(), 0);
  model.fire('comm_live_update', view(false));
  assert.equal(closed(), 1);
  assert.deepEqual(model.sent, []);
});

test('a model that the kernel closes is the end', () => {
  for (const event of ['comm:close', 'destroy']) {
    const { model, closed } = watched();
    model.fire(event, undefined);
    assert.equal(closed(), 1);
  }
});

test('where a model does not tell, the kernel is asked, and silence is the end', () => {
  const { model, clock, closed } = watched();
  model.fire('comm_live_update', undefined);
  assert.equal((model.sent[0] as { kind: string }).kind, 'ping');
  clock.pass(9_000);
  model.fire('msg:custom', undefined, { v: 1, kind: 'pong' });
  clock.pass(60_000);
  assert.equal(closed(), 0);
  model.fire('comm_live_update', undefined);
  clock.pass(11_000);
  assert.equal(closed(), 1);
});

test('a widget is shown in its element and leaves nothing behind', () => {
  const model = new FakeModel();
  const el = document.createElement('div');
  document.body.replaceChildren(el);
  const cleanUp = widget.render({ model, el });
  assert.ok(el.firstElementChild?.matches('section.deepshi-panel'));
  assert.notEqual(document.getElementById('deepshi-panel-style'), null);
  cleanUp();
  assert.equal(el.childNodes.length, 0);
  assert.deepEqual(
    [...model.handlers.values()].filter(({ size }) => size > 0),
    [],
  );
});
