/** What a user reads in the popover. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { Control } from './controls';

export interface Words {
  title: string;
  automatic: string;
  notSent: string;
  close: string;
  dice: string;
  unreadable: string;
  label: (name: string) => string;
  help: (name: string) => string;
  /** The name of the field beside a slider. */
  exact: (label: string) => string;
  /** The name of one of several fields. */
  numbered: (label: string, number: number) => string;
  /** The name of the button that takes a parameter out of the line. */
  reset: (label: string) => string;
  problem: (control: Control, problem: 'number' | 'whole' | 'range') => string;
}

export function wordsIn(trans: TranslationBundle): Words {
  const labels = labelsIn(trans);
  const helps = helpsIn(trans);
  const label = (name: string): string => labels[name] ?? name;
  return {
    title: trans.__('Parameters of this question'),
    automatic: trans.__('auto'),
    notSent: trans.__('not sent'),
    close: trans.__('Close'),
    dice: trans.__('Throw a new seed'),
    unreadable: trans.__('The first line cannot be read: a quote is not closed.'),
    label,
    help: (name) => helps[name] ?? '',
    exact: (name) => trans.__('%1, as a number', name),
    numbered: (name, number) => trans.__('%1 %2', name, String(number)),
    reset: (name) => trans.__('%1: automatic', name),
    problem: (control, problem) => problemIn(trans, control, label(control.name), problem),
  };
}

function problemIn(
  trans: TranslationBundle,
  { low, high }: Control,
  label: string,
  problem: 'number' | 'whole' | 'range',
): string {
  if (problem === 'range') {
    return high === null
      ? trans.__('%1 takes numbers from %2.', label, String(low))
      : trans.__('%1 takes numbers from %2 to %3.', label, String(low), String(high));
  }
  return problem === 'whole'
    ? trans.__('%1 takes whole numbers.', label)
    : trans.__('%1 takes a number.', label);
}

function labelsIn(trans: TranslationBundle): Partial<Record<string, string>> {
  return {
    model: trans.__('Model'),
    temperature: trans.__('Temperature'),
    top_p: trans.__('Top p'),
    max_tokens: trans.__('Max tokens'),
    frequency_penalty: trans.__('Frequency penalty'),
    presence_penalty: trans.__('Presence penalty'),
    seed: trans.__('Seed'),
    stop: trans.__('Stop text'),
    n: trans.__('Answers (n)'),
  };
}

function helpsIn(trans: TranslationBundle): Partial<Record<string, string>> {
  return {
    model: trans.__('The model to ask.'),
    temperature: trans.__('Randomness: 0 picks the likeliest token.'),
    top_p: trans.__('Nucleus sampling; use instead of temperature, not both.'),
    max_tokens: trans.__('Most tokens to generate, reasoning included.'),
    frequency_penalty: trans.__('Discourages tokens by how often they came.'),
    presence_penalty: trans.__('Discourages tokens that came at all.'),
    seed: trans.__('Best-effort repeatability.'),
    stop: trans.__('A text that ends the answer, or up to 4 of them.'),
    n: trans.__('How many answers to generate.'),
  };
}
