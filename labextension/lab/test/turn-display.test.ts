import '../../test/page';

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { StillClock } from '../../test/still-clock';
import { AnswerStream } from '../src/answer-stream';
import type { Json } from '../src/json-shape';
import { TurnDisplay } from '../src/renderer/turn-display';

const TURN = '01KAQ2M9SFE3V8T6D0C4XN5R7W';
const TEXT = 'Hello **you**.';

function record(text: string, fields: Json = {}, call: Json = {}): Json {
  const message = { role: 'assistant', content: text };
  const answers = [{ message, finish_reason: 'stop' }];
  const calls = [{ status: 'complete', served: 'm', duration: 1, answers, ...call }];
  const asked = { messages: [{ role: 'user', content: 'Who?' }], order: 'frontend' };
  return {
    v: 2,
    id: TURN,
    kind: 'live',
    parent: '',
    tip: '',
    model: 'm',
    ...asked,
    calls,
    ...fields,
  };
}

const coming = (text = ''): Json =>
  record(text, { stream: true, kind: 'partial' }, text === '' ? { answers: [] } : {});

function begun(): { stream: AnswerStream; say: (text: string) => void; end: () => void } {
  const ask = (): Promise<never> => Promise.reject(new Error('nobody'));
  const stream = new AnswerStream({ turn: TURN, cell: 'c', ask, clock: new StillClock() });
  let [seq, offset] = [0, 0];
  return {
    stream,
    say(text) {
      stream.take({ v: 1, seq: seq++, kind: 'text', offset, text });
      offset += text.length;
    },
    end() {
      stream.take({ v: 1, seq: seq++, kind: 'end', footer: 'm · 1.0 s · stop', notices: [] });
    },
  };
}

const translate = (sentence: string, ...values: string[]): string =>
  values.reduce((said, value, at) => said.replace(`%${at + 1}`, value), sentence);

function display(stop: ((turn: string) => Promise<boolean>) | null = null): TurnDisplay {
  // The stream is drawn before the next paint, which never comes here: tests flush.
  Object.defineProperty(globalThis, 'requestAnimationFrame', {
    value: () => 0,
    configurable: true,
  });
  return new TurnDisplay({ translate, stop });
}

const turns = (shown: TurnDisplay): Element[] => [...shown.node.querySelectorAll('.deepshi-turn')];
const textOf = (shown: TurnDisplay, selector: string): string =>
  [...shown.node.querySelectorAll(selector)].map((node) => node.textContent).join('|');

test('a record is shown with its text, footer and notices', () => {
  const shown = display();
  shown.show(record(TEXT, { remarks: ['x was shortened.'] }), null);
  assert.equal(textOf(shown, 'strong'), 'you');
  assert.equal(textOf(shown, '.deepshi-footer'), 'm · 1.0 s · stop');
  assert.equal(textOf(shown, '.deepshi-notices li'), 'x was shortened.');
  assert.equal(textOf(shown, '.deepshi-question'), '');
});

test('reasoning of a record is folded, and its time is not made up', () => {
  const shown = display();
  const message = { role: 'assistant', content: TEXT };
  shown.show(record('', {}, { answers: [{ message, reasoning: 'Let me see.' }] }), null);
  assert.equal(textOf(shown, '.deepshi-reasoning summary'), 'Reasoning');
  assert.equal(shown.node.querySelector('.deepshi-reasoning')?.hasAttribute('open'), false);
});

test('several answers are numbered, and the facts stand below the last', () => {
  const shown = display();
  const answers = ['a', 'b'].map((content) => ({ message: { role: 'assistant', content } }));
  shown.show(record('', {}, { answers }), null);
  assert.equal(textOf(shown, '.deepshi-which'), 'Answer 1 of 2|Answer 2 of 2');
  assert.equal(textOf(shown, '.deepshi-footer'), '|m · 1.0 s · complete');
});

test('several turns of one cell are shown with their questions', () => {
  const shown = display();
  shown.show({ v: 2, turns: [record('a'), record('b')] }, null);
  assert.equal(textOf(shown, '.deepshi-question'), 'Who?|Who?');
});

test('a picture that was sent is named by its hash', () => {
  const shown = display();
  const image = { type: 'image', media_type: 'image/png', sha256: '0123abcd' };
  const messages = [{ role: 'user', content: [{ type: 'text', text: 'What is it?' }, image] }];
  shown.show({ turns: [record(TEXT, { messages })] }, null);
  assert.match(textOf(shown, '.deepshi-question'), /What is it\?[^]*image\/png[^]*0123abcd/);
});

test('a picture whose bytes are not in the notebook is not asked for', () => {
  const shown = display();
  const images = [{ type: 'image_url', image_url: { url: 'https://pictures.example/a.png' } }];
  const message = { role: 'assistant', content: TEXT };
  shown.show(record('', {}, { answers: [{ message, images }] }), null);
  assert.equal(shown.node.querySelector('img'), null);
  assert.match(textOf(shown, '.deepshi-notices li'), /bytes are not in the notebook/);
});

test('what is no record says so', () => {
  const shown = display();
  shown.show({ v: 99 }, null);
  assert.match(textOf(shown, '.deepshi-unreadable'), /update this one/);
  shown.show(null, null);
  assert.match(textOf(shown, '.deepshi-unreadable'), /no version/);
});

test('HTML of a model, a tool or a service is text', () => {
  const html = '<img src=x onerror=alert(1)><script>alert(1)</script>';
  const shown = display();
  const tools = [{ call_id: 'a', name: html, arguments: html, text: html, note: html }];
  const fields = { tools, remarks: [html], messages: [{ role: 'user', content: html }] };
  shown.show({ turns: [record(html, fields, { served: html, notices: [html] })] }, null);
  shown.show({ turns: [{ v: html }, html] }, null);
  assert.equal(shown.node.querySelector('img, script'), null);
});

test('a stream is shown as it comes, and the writing of its record changes nothing', () => {
  const { stream, say } = begun();
  const shown = display();
  shown.show(coming(), stream);
  const [turn] = turns(shown);
  say('Hello **you**');
  shown.show(coming('Hello'), stream);
  say(' and me');
  shown.flush();
  assert.equal(turns(shown)[0], turn);
  assert.equal(textOf(shown, '.deepshi-markdown'), 'Hello you and me');
});

test('at the end the view of the stream stays, with the facts of the record', () => {
  const { stream, say, end } = begun();
  const shown = display();
  shown.show(coming(), stream);
  const [turn] = turns(shown);
  say(TEXT);
  end();
  shown.show(record(TEXT), stream);
  assert.equal(turns(shown)[0], turn);
  assert.equal(textOf(shown, '.deepshi-footer'), 'm · 1.0 s · stop');
});

test('the facts come from the record where the end of the stream was lost', () => {
  const { stream, say } = begun();
  const shown = display();
  shown.show(coming(), stream);
  say(TEXT);
  shown.show(record(TEXT), stream);
  assert.equal(textOf(shown, '.deepshi-footer'), 'm · 1.0 s · stop');
});

test('a record with another text than came is shown as it is', () => {
  const { stream, say } = begun();
  const shown = display();
  shown.show(coming(), stream);
  say('Hel');
  shown.show(record(TEXT), stream);
  assert.equal(textOf(shown, '.deepshi-markdown'), 'Hello you.');
});

test('a view that is made later shows all that came', () => {
  const { stream, say } = begun();
  say('Hello ');
  say('**you**');
  const shown = display();
  shown.show(coming(), stream);
  assert.equal(textOf(shown, '.deepshi-markdown'), 'Hello you');
});

test('a saved part is shown until more than it is known of the stream', () => {
  const { stream, say } = begun();
  const shown = display();
  shown.show(coming('Hello you'), null);
  assert.match(textOf(shown, '.deepshi-notices li'), /still coming/);
  shown.show(coming('Hello you'), stream);
  assert.equal(textOf(shown, '.deepshi-markdown'), 'Hello you');
  say('Hello you and me');
  shown.flush();
  assert.equal(textOf(shown, '.deepshi-markdown'), 'Hello you and me');
  assert.equal(textOf(shown, '.deepshi-notices li'), '');
});

test('Stop is asked for once, and goes away with the end', async () => {
  const { stream, end } = begun();
  const stopped: string[] = [];
  const shown = display((turn) => {
    stopped.push(turn);
    return Promise.resolve(true);
  });
  shown.show(coming(), stream);
  const button = shown.node.querySelector<HTMLButtonElement>('.deepshi-stop');
  button?.click();
  button?.click();
  await Promise.resolve();
  assert.deepEqual(stopped, [TURN]);
  end();
  assert.equal(shown.node.querySelector('.deepshi-stop'), null);
});

test('a Stop that failed can be tried again', async () => {
  const { stream } = begun();
  const shown = display(() => Promise.reject(new Error('no')));
  shown.show(coming(), stream);
  const button = shown.node.querySelector<HTMLButtonElement>('.deepshi-stop');
  button?.click();
  assert.equal(button?.disabled, true);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(button.disabled, false);
});

test('a stream that was cut says so and keeps what came', () => {
  const { stream, say } = begun();
  const shown = display(() => Promise.resolve(true));
  shown.show(coming(), stream);
  say('Hello');
  stream.cut();
  assert.equal(textOf(shown, '.deepshi-markdown'), 'Hello');
  assert.match(textOf(shown, '.deepshi-notices li'), /cut/);
  assert.equal(shown.node.querySelector('.deepshi-stop'), null);
});

test('after it was disposed it follows nothing', () => {
  const { stream, say } = begun();
  const shown = display();
  shown.show(coming(), stream);
  shown.dispose();
  say('Hello');
  shown.flush();
  assert.equal(textOf(shown, '.deepshi-markdown'), '');
});

test('another turn in the same output takes the place of the first', () => {
  const { stream, say } = begun();
  const shown = display();
  shown.show(coming(), stream);
  say('Hello');
  shown.show(record('Another', { id: 'OTHER' }), null);
  assert.equal(textOf(shown, '.deepshi-markdown'), 'Another');
});
