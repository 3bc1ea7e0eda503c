/** The settings of a conversation that a notebook keeps in its metadata, under `deepshi`. */

import { isObject, type Json } from '../json-shape';
import type { NotebookSettings, Problem } from '../protocol';

/** Where they stand in the metadata of a notebook. */
export const KEY = 'deepshi';

export const MODES = ['live', 'auto', 'replay', 'refresh'] as const;

export const NOTHING_SET: NotebookSettings = {
  model: null,
  system: null,
  mode: null,
  parameters: {},
};

/** Read what stands in the metadata; what is of another form counts as not set. */
export function readSettings(value: unknown): NotebookSettings {
  if (!isObject(value)) {
    return NOTHING_SET;
  }
  const { model, system, mode, parameters } = value;
  return {
    model: textOrNull(model),
    system: textOrNull(system),
    mode: textOrNull(mode),
    parameters: isObject(parameters) ? parameters : {},
  };
}

/** Return settings as they are kept, or null if nothing is set; other fields stay as they are. */
export function withSettings(old: unknown, settings: NotebookSettings): Json | null {
  const others = isObject(old) ? { ...old } : {};
  for (const name of Object.keys(NOTHING_SET)) {
    Reflect.deleteProperty(others, name);
  }
  const { parameters, ...texts } = settings;
  const set = Object.entries(texts).filter(([, text]) => text !== null && text !== '');
  const kept: Json = { ...others, ...Object.fromEntries(set) };
  if (Object.keys(parameters).length > 0) {
    kept['parameters'] = parameters;
  }
  return Object.keys(kept).length > 0 ? kept : null;
}

/** Read parameters that a user typed; a problem where they are no JSON object. */
export function readParameters(text: string): Json | Problem {
  const nothing = text.trim() === '';
  try {
    const value: unknown = nothing ? {} : JSON.parse(text);
    if (isObject(value)) {
      return value;
    }
  } catch {
    // said below
  }
  return {
    what: 'The parameters are not a JSON object.',
    todo: 'Write for example {"temperature": 0.2, "seed": 7}, or nothing.',
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
