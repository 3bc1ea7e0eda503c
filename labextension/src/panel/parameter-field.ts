import { cleanText } from '../clean-text';
import { button, make } from '../elements';
import { nameForFocus } from './focus-keeper';
import type { Parameter, Value } from './messages';
import { newId } from './new-id';
import { words } from './words';

export type OnSet = (name: string, value: Value) => void;

/**
 * One parameter. An empty field is automatic: nothing is sent of it.
 *
 * A value is handed on when it is finished (`change`) and not with each key.
 */
export function parameterField(parameter: Parameter, onSet: OnSet): HTMLElement {
  const id = `deepshi-${newId()}`;
  const field = inputFor(parameter);
  field.id = id;
  const label = make('label', '', cleanText(parameter.label) || cleanText(parameter.name));
  label.htmlFor = id;
  const note = make('p', 'deepshi-quiet', noteOf(parameter));
  note.id = `${id}-note`;
  note.hidden = note.textContent === '';
  field.setAttribute('aria-describedby', note.id);
  nameForFocus(field, `parameter:${parameter.name}`);
  field.addEventListener('change', () => {
    const read = valueOf(parameter, field.value);
    const isWrong = 'problem' in read;
    field.ariaInvalid = String(isWrong);
    note.textContent = isWrong ? read.problem : noteOf(parameter);
    note.hidden = note.textContent === '';
    if (!isWrong) {
      onSet(parameter.name, read.value);
    }
  });
  const row = make('div', 'deepshi-parameter', label, resetOf(parameter, onSet), field, note);
  row.classList.toggle('deepshi-wide', parameter.kind === 'long');
  if (parameter.ignored !== '') {
    row.title = words.ignored(cleanText(parameter.ignored));
    field.disabled = true;
  }
  return row;
}

function inputFor(parameter: Parameter): HTMLInputElement | HTMLTextAreaElement {
  const isLong = parameter.kind === 'list' || parameter.kind === 'long';
  const field = isLong ? make('textarea', 'deepshi-field') : make('input', 'deepshi-field');
  if (field instanceof HTMLInputElement) {
    field.type = 'text';
    field.inputMode = parameter.kind === 'number' ? 'decimal' : 'text';
    field.autocomplete = 'off';
  } else {
    field.rows = 2;
  }
  field.spellcheck = false;
  field.placeholder = words.automatic;
  field.value = textOf(parameter.value);
  return field;
}

function resetOf(parameter: Parameter, onSet: OnSet): HTMLButtonElement {
  const reset = button(words.resetShort, 'deepshi-flat', () => {
    onSet(parameter.name, null);
  });
  reset.ariaLabel = words.reset(cleanText(parameter.label) || cleanText(parameter.name));
  reset.hidden = parameter.value === null || parameter.ignored !== '';
  return reset;
}

function noteOf(parameter: Parameter): string {
  if (parameter.ignored !== '') {
    return words.ignored(cleanText(parameter.ignored));
  }
  const parts = [
    cleanText(parameter.help),
    parameter.kind === 'list' ? words.onePerLine : rangeOf(parameter),
    parameter.value === null ? '' : words.source[parameter.source],
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function rangeOf({ min, max }: Parameter): string {
  return min === null || max === null ? '' : words.range(String(min), String(max));
}

function textOf(value: Value): string {
  return Array.isArray(value) ? value.join('\n') : String(value ?? '');
}

function valueOf(parameter: Parameter, written: string): { value: Value } | { problem: string } {
  if (parameter.kind === 'list') {
    const lines = written.split('\n').filter((line) => line !== '');
    return { value: lines.length === 0 ? null : lines };
  }
  const text = written.trim();
  if (text === '') {
    return { value: null };
  }
  return parameter.kind === 'number' ? numberOf(parameter, text) : { value: text };
}

function numberOf(parameter: Parameter, text: string): { value: Value } | { problem: string } {
  const value = Number(text.replace(',', '.'));
  if (!Number.isFinite(value)) {
    return { problem: words.notNumber };
  }
  if (parameter.integer && !Number.isInteger(value)) {
    return { problem: words.notWhole };
  }
  const { min, max } = parameter;
  if ((min !== null && value < min) || (max !== null && value > max)) {
    return { problem: words.notInRange(String(min ?? '−∞'), String(max ?? '∞')) };
  }
  return { value };
}
