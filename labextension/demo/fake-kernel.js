/**
 * A kernel that is not there: the model of an anywidget whose other side is this file.
 *
 * It answers as `deepshi_jupyter.panel()` does, so that the panel can be looked at and tested in a
 * page without Jupyter. `say` sends what a test wants to be said; `sent` is what the panel said.
 */

const CAPABLE = ['tools', 'vision', 'reasoning', 'json'];

export class FakeKernel {
  sent = [];
  #handlers = new Map();
  #turns;
  #options;
  #settings;
  #models;
  #running = null;

  /** @param options `turns`: shown turns; `isStill`: answers nothing but what a page needs to begin. */
  constructor(options = {}) {
    this.#options = options;
    this.#turns = options.turns ?? [];
    this.#settings = settings();
    this.#models = models(options.models ?? 4);
  }

  // The model, as anywidget gives it

  send(content) {
    this.sent.push(content);
    setTimeout(() => this.#take(content), 0);
  }

  on(event, callback) {
    this.#handlers.set(event, [...(this.#handlers.get(event) ?? []), callback]);
  }

  off(event, callback) {
    const kept = (this.#handlers.get(event) ?? []).filter((each) => each !== callback);
    this.#handlers.set(event, kept);
  }

  /** Call the handlers of an event, as ipywidgets does, with a view as `this`. */
  fire(event, view, ...args) {
    for (const callback of this.#handlers.get(event) ?? []) {
      callback.apply(view, args);
    }
  }

  // The kernel

  say(message) {
    this.fire('msg:custom', undefined, { v: 1, ...message }, []);
  }

  /** The kernel restarts: the comm dies. */
  restart() {
    this.#options.isDead = true;
    this.fire('comm_live_update', { model: { comm_live: false } });
  }

  showTurns(order = this.#turns.map(({ id }) => id)) {
    this.say({ kind: 'turns', order, turns: this.#turns });
  }

  #take(message) {
    if (this.#options.isDead) {
      return;
    }
    const reply = this[`_${message.kind}`];
    const isNeeded = ['hello', 'math', 'ping', 'set'].includes(message.kind);
    if (reply !== undefined && (isNeeded || !this.#options.isStill)) {
      reply.call(this, message);
    }
  }

  _hello() {
    this.say({ kind: 'settings', ...this.#settings });
    this.showTurns();
    this.say({ kind: 'models', models: this.#models, error: '' });
  }

  async _math() {
    const source = await (await fetch('../../deepshi_jupyter/panel/static/math.js')).text();
    this.say({ kind: 'math', source });
  }

  _ping({ id }) {
    this.say({ kind: 'pong', id });
  }

  _set({ name, value }) {
    if (name === 'model' || name === 'system') {
      this.#settings[name] = value ?? '';
    } else {
      const parameter = this.#settings.parameters.find((each) => each.name === name);
      Object.assign(parameter, { value, source: value === null ? '' : 'cell' });
    }
    this.say({ kind: 'settings', ...this.#settings });
  }

  _preview({ id, text, evaluate }) {
    const expressions = [...text.matchAll(/\{\{([^]*?)\}\}/g)].map(([, inside]) => inside.trim());
    const values = expressions.map((expression) =>
      /^\w+$/.test(expression)
        ? { expression, text: '{0: 1.2, 1: 3.4, 2: 5.1}', note: 'dict, 3 items' }
        : { expression, text: evaluate ? '(1200, 8)' : '', note: evaluate ? '' : 'not evaluated' },
    );
    this.say({ kind: 'preview', id, values, error: null });
  }

  _insert({ turn, what }) {
    this.say({ kind: 'inserted', turn, what, note: 'Inserted as a new cell below this one.' });
  }

  _export({ format }) {
    this.say({ kind: 'exported', format, text: '# Export\n', name: `study.${format}` });
  }

  _branch({ turn, to }) {
    const old = this.#turns.find(({ id }) => id === turn);
    const branch = { ...old, id: to, rev: old.rev + 1, text: `The other branch, \`${to}\`.` };
    this.#turns = this.#turns.map((each) => (each === old ? branch : each));
    this.showTurns();
  }

  _ask({ ask, text, instead_of }) {
    this.#answer(ask, text, instead_of);
  }

  _regenerate({ ask, turn }) {
    this.#answer(ask, this.#turns.find(({ id }) => id === turn).question, turn);
  }

  _stop({ ask }) {
    if (this.#running?.ask === ask) {
      this.#running.isStopped = true;
    }
  }

  async #answer(ask, question, insteadOf) {
    this.#running = { ask, isStopped: false };
    const running = this.#running;
    this.say({ kind: 'begin', ask, question, instead_of: insteadOf });
    const text =
      'The mean is $\\bar x = 3.2$.\n\nWith `df.describe()` you see the rest:\n\n```python\ndf.describe()\n```\n'.repeat(
        3,
      );
    let [seq, offset] = [0, 0];
    for (const piece of text.match(/[^]{1,12}/g)) {
      if (running.isStopped) {
        break;
      }
      this.say({
        kind: 'delta',
        ask,
        data: { v: 1, seq: seq++, kind: 'text', text: piece, offset },
      });
      offset += piece.length;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const at = this.#turns.findIndex(({ id }) => id === insteadOf);
    const before = at < 0 ? this.#turns : this.#turns.slice(0, at);
    const id = `turn-${ask}`;
    const branches = at < 0 ? [id] : [...this.#turns[at].branches, id];
    const turn = shown({ id, question, text: text.slice(0, offset), branches });
    this.#turns = [
      ...before.filter(({ below }) => !below),
      turn,
      ...this.#turns.filter(({ below }) => below),
    ];
    this.showTurns();
    this.say({ kind: 'ended', ask, turn: id, error: null });
  }
}

/** A shown turn with what a test does not name left plain. */
export function shown(fields) {
  return {
    rev: 1,
    question: 'Why?',
    text: 'Because.',
    reasoning: '',
    reasoning_seconds: null,
    tools: [],
    pictures: [],
    notices: [],
    footer: 'deepshi-3.0 · 1.9 s · 1,204 in / 340 out · $0.00135',
    stale: '',
    own: true,
    below: false,
    branches: [fields.id],
    others: [],
    partial: false,
    ...fields,
  };
}

/** A conversation in which everything is that a turn can show. */
export function exampleTurns(markdown) {
  return [
    shown({
      id: 't1',
      question: 'What is in `measurements.csv`?',
      text: 'A table of **1,200 rows**: time, temperature and the reading of each of six sensors.',
      own: false,
    }),
    shown({
      id: 't2',
      question: 'Fit a line to the first three rows, and say how sure you are of the slope.',
      reasoning: 'First I look at **the rows**, then at the residuals.',
      reasoning_seconds: 3.4,
      tools: [
        {
          id: 'call_1',
          name: 'rows',
          arguments: '{"n": 3}',
          state: 'done',
          seconds: 0.2,
          result: '[1.2, 3.4, 5.1]',
        },
      ],
      text: markdown,
      branches: ['t2a', 't2', 't2c'],
      notices: ['Cut at max_tokens. Raise it or leave it out for a whole answer.'],
    }),
    shown({
      id: 't3',
      question: 'And in one word: is the trend real?',
      text: 'Probably: $p = 0.03$.',
      others: ['Yes.', 'Perhaps.'],
      stale: 'A turn above has changed since this was asked.',
    }),
    shown({ id: 't4', question: 'And below?', text: 'Later.', own: false, below: true }),
  ];
}

function settings() {
  const number = { help: '', min: 0, max: 2, step: 0.1, integer: false, kind: 'number' };
  const unset = { value: null, source: '', ignored: '' };
  return {
    model: 'deepshi-3.0',
    system: '',
    chat: '',
    where: 'cell',
    mode: '',
    spent: '3 calls · 4,120 tokens · $0.0041',
    offline: false,
    parameters: [
      {
        ...number,
        ...unset,
        name: 'temperature',
        label: 'Temperature',
        value: 0.7,
        source: 'cell',
      },
      {
        ...number,
        ...unset,
        name: 'top_p',
        label: 'Top p',
        max: 1,
        ignored: 'deepshi-3.0 reasons, and samples by itself.',
      },
      {
        ...number,
        ...unset,
        name: 'max_tokens',
        label: 'Max tokens',
        min: 1,
        max: 32768,
        integer: true,
      },
      { ...number, ...unset, name: 'seed', label: 'Seed', min: null, max: null, integer: true },
      {
        ...number,
        ...unset,
        name: 'stop',
        label: 'Stop',
        kind: 'list',
        help: 'Texts that end an answer.',
      },
    ],
  };
}

function models(count) {
  const first = [
    ['deepshi-3.0', 'Deepshi 3.0', 131072, 0.5, 1.5, CAPABLE],
    ['deepshi-3.0-mini', 'Deepshi 3.0 mini', 65536, 0.05, 0.2, ['tools', 'json']],
    ['deepshi-long', 'Deepshi long', 1048576, 1.25, 5, ['tools']],
    ['offline-echo', 'offline-echo', null, 0, 0, []],
  ];
  const more = Array.from({ length: Math.max(0, count - 4) }, (_, number) => [
    `vendor/model-${number}`,
    `Model ${number}`,
    8192 * (number + 1),
    0.01 * (number + 1),
    null,
    number % 2 ? ['tools'] : [],
  ]);
  return [...first, ...more].map(([id, name, context, price_in, price_out, features]) => ({
    id,
    name,
    context,
    price_in,
    price_out,
    features,
  }));
}
