/** One row of the popover: a parameter's label, its control, and the button that makes it automatic. */

import { button, make } from '../../../src/elements';
import { asField, fromField, MOST_TEXTS, problemOf, thrownSeed, type Control } from './controls';
import { isUnread, type Value } from './magic-line';
import type { Words } from './words';

/** What a row does with what a user gives. */
export interface RowActions {
  /** undefined: automatic. */
  set: (value: Value | undefined) => void;
  /** A value that is not the last one yet. */
  move: (value: Value) => void;
  release: (byKey: boolean) => void;
  /** Say what is wrong; an empty text: nothing. */
  tell: (problem: string) => void;
}

/** A row, and how it is told what the line says. */
export interface Row {
  node: HTMLElement;
  show: (value: Value | undefined) => void;
}

let rows = 0;

export function controlRow(control: Control, words: Words, actions: RowActions): Row {
  const label = make('label', 'deepshi-edit-label', words.label(control.name));
  label.title = words.help(control.name);
  const made = makers[control.kind](control, words, actions);
  rows += 1;
  made.first.id = `deepshi-edit-${rows}`;
  label.htmlFor = made.first.id;
  const reset = button('×', 'deepshi-edit-reset', () => {
    actions.set(undefined);
    made.first.focus();
  });
  reset.ariaLabel = words.reset(words.label(control.name));
  reset.title = reset.ariaLabel;
  const node = make('div', 'deepshi-edit-row', label, made.node, reset);
  node.dataset['parameter'] = control.name;
  const show = (value: Value | undefined): void => {
    node.classList.toggle('deepshi-automatic', value === undefined);
    reset.hidden = value === undefined;
    made.show(value);
  };
  return { node, show };
}

interface Made {
  node: HTMLElement;
  /** What the label is for. */
  first: HTMLElement;
  show: (value: Value | undefined) => void;
}

type Maker = (control: Control, words: Words, actions: RowActions) => Made;

/** Return what stands in a field that shows no value. */
function placeholder(value: Value | undefined, words: Words): string {
  if (value === undefined) {
    return words.automatic;
  }
  return value === null ? words.notSent : isUnread(value) ? value.written : '';
}

function asText(value: Value | undefined): string {
  return typeof value === 'number' || typeof value === 'string' ? String(value) : '';
}

const slider: Maker = (control, words, actions) => {
  const range = make('input', 'deepshi-edit-range');
  range.type = 'range';
  range.min = String(control.low);
  range.max = String(control.high);
  range.step = String(control.step);
  let isByKey = true;
  range.addEventListener('pointerdown', () => {
    isByKey = false;
  });
  range.addEventListener('input', () => {
    actions.move(range.valueAsNumber);
  });
  range.addEventListener('change', () => {
    actions.release(isByKey);
    isByKey = true;
  });
  const exact = numberField(control, words, actions);
  exact.node.ariaLabel = words.exact(words.label(control.name));
  return {
    node: make('div', 'deepshi-edit-control', range, exact.node),
    first: range,
    show: (value) => {
      range.value = String(typeof value === 'number' ? value : control.start);
      range.ariaValueText = typeof value === 'number' ? String(value) : placeholder(value, words);
      exact.show(value);
    },
  };
};

function numberField(
  control: Control,
  words: Words,
  actions: RowActions,
): { node: HTMLInputElement; show: (value: Value | undefined) => void } {
  const field = make('input', 'deepshi-edit-number');
  field.type = 'number';
  field.min = String(control.low ?? '');
  field.max = String(control.high ?? '');
  field.step = String(control.step);
  field.addEventListener('change', () => {
    const isEmpty = field.value === '' && !field.validity.badInput;
    const problem = isEmpty ? '' : problemOf(control, field.valueAsNumber);
    field.ariaInvalid = String(problem !== '');
    actions.tell(problem === '' ? '' : words.problem(control, problem));
    if (problem === '') {
      actions.set(isEmpty ? undefined : field.valueAsNumber);
    }
  });
  return {
    node: field,
    show: (value) => {
      field.value = typeof value === 'number' ? String(value) : '';
      field.placeholder = placeholder(value, words);
      field.ariaInvalid = 'false';
    },
  };
}

const number: Maker = (control, words, actions) => {
  const { node, show } = numberField(control, words, actions);
  return { node: make('div', 'deepshi-edit-control', node), first: node, show };
};

const seed: Maker = (control, words, actions) => {
  const { node, show } = numberField(control, words, actions);
  const dice = button('⚄', 'deepshi-edit-dice', () => {
    actions.set(thrownSeed());
  });
  dice.ariaLabel = words.dice;
  dice.title = words.dice;
  return { node: make('div', 'deepshi-edit-control', dice, node), first: node, show };
};

const texts: Maker = (control, words, actions) => {
  const fields = Array.from({ length: MOST_TEXTS }, (_, index) => {
    const field = textField();
    field.ariaLabel = words.numbered(words.label(control.name), index + 1);
    field.addEventListener('change', () => {
      const found = fields.map(({ value }) => fromField(value)).filter((text) => text !== '');
      actions.set(found.length === 0 ? undefined : found);
    });
    return field;
  });
  const [first = textField()] = fields;
  first.ariaLabel = null;
  return {
    node: make('div', 'deepshi-edit-control deepshi-edit-texts', ...fields),
    first,
    show: (value) => {
      const found = Array.isArray(value) ? value : [];
      fields.forEach((field, index) => {
        field.value = asField(found[index] ?? '');
        field.hidden = index > found.length;
        field.placeholder = index === 0 ? placeholder(value, words) : '+';
      });
    },
  };
};

const model: Maker = (_, words, actions) => {
  const field = textField();
  field.setAttribute('list', MODELS);
  field.addEventListener('change', () => {
    actions.set(field.value.trim() || undefined);
  });
  return {
    node: make('div', 'deepshi-edit-control', field),
    first: field,
    show: (value) => {
      field.value = asText(value);
      field.placeholder = placeholder(value, words);
    },
  };
};

/** The id of the list that the field of the model offers. */
export const MODELS = 'deepshi-edit-models';

function textField(): HTMLInputElement {
  const field = make('input', 'deepshi-edit-text');
  field.type = 'text';
  field.autocomplete = 'off';
  field.spellcheck = false;
  return field;
}

const makers: Record<Control['kind'], Maker> = { slider, number, seed, texts, model };
