/**
 * The messages between the panel's page and its kernel, version 1.
 *
 * Both directions are plain objects with `v` and `kind`. What comes from the kernel holds text of
 * models, tools and files; it is read here once, field by field, and nothing else of it is used.
 */

import type { Snapshot } from '../protocol';
import type { Decision, ToolCall } from '../tool-card';

export const VERSION = 1;

export type Insert = 'answer' | 'code' | 'turn';
export type Value = number | string | string[] | null;

/** What the page says; `v` is added where it is sent. */
export type PageMessage =
  | { kind: 'hello' | 'math' }
  | { kind: 'ask'; ask: string; text: string; attach: string[]; instead_of: string | null }
  | { kind: 'regenerate'; ask: string; turn: string }
  | { kind: 'stop' | 'snapshot'; ask: string }
  | { kind: 'decide'; ask: string; call: string; decision: Decision }
  | { kind: 'branch'; turn: string; to: string }
  | { kind: 'preview'; id: string; text: string; evaluate: boolean }
  | { kind: 'set'; name: string; value: Value }
  | { kind: 'models'; refresh: boolean }
  | { kind: 'insert'; turn: string; what: Insert }
  | { kind: 'export'; format: string }
  | { kind: 'ping'; id: string };

/** What went wrong, and what to do about it. */
export interface Problem {
  what: string;
  todo: string;
}

export interface Picture {
  address: string;
  words: string;
}

/** One turn as the panel shows it; equal `id` and `rev` mean equal content. */
export interface ShownTurn {
  id: string;
  rev: string;
  question: string;
  text: string;
  reasoning: string;
  reasoningSeconds: number | null;
  tools: ToolCall[];
  pictures: Picture[];
  notices: string[];
  footer: string;
  stale: string;
  own: boolean;
  below: boolean;
  branches: string[];
  others: string[];
  partial: boolean;
}

export interface Parameter {
  name: string;
  label: string;
  help: string;
  min: number | null;
  max: number | null;
  step: number | null;
  integer: boolean;
  kind: 'number' | 'text' | 'list' | 'long';
  value: Value;
  source: 'cell' | 'conversation' | 'notebook' | '';
  ignored: string;
}

export interface Settings {
  model: string;
  system: string;
  chat: string;
  where: 'cell' | 'end';
  mode: string;
  parameters: Parameter[];
  spent: string;
  offline: boolean;
}

export interface Model {
  id: string;
  name: string;
  context: number | null;
  priceIn: number | null;
  priceOut: number | null;
  features: string[];
}

export interface ShownValue {
  expression: string;
  text: string;
  note: string;
}

export type KernelMessage =
  | { kind: 'turns'; order: string[]; turns: ShownTurn[] }
  | { kind: 'begin'; ask: string; question: string; insteadOf: string | null }
  | { kind: 'delta'; ask: string; data: unknown }
  | { kind: 'tool'; ask: string; call: ToolCall }
  | { kind: 'snapshot'; ask: string; snapshot: Snapshot }
  | { kind: 'ended'; ask: string; turn: string | null; error: Problem | null }
  | { kind: 'settings'; settings: Settings }
  | { kind: 'models'; models: Model[]; error: string }
  | { kind: 'preview'; id: string; values: ShownValue[]; error: Problem | null }
  | { kind: 'inserted'; turn: string; what: string; note: string; source: string; cells: unknown }
  | { kind: 'exported'; format: string; text: string; name: string }
  | { kind: 'pong'; id: string }
  | { kind: 'math'; source: string }
  | { kind: 'error'; problem: Problem }
  /** A kernel of another version. */
  | { kind: 'unreadable'; version: string };

type Fields = Record<string, unknown>;

/** Return what a message says, or null for a kind that a later kernel of this version may send. */
export function readMessage(data: unknown): KernelMessage | null {
  const fields = fieldsOf(data);
  if (fields['v'] !== VERSION) {
    return { kind: 'unreadable', version: String(fields['v']).slice(0, 20) };
  }
  const kind = text(fields['kind']);
  return Object.hasOwn(READERS, kind) ? (READERS[kind]?.(fields) ?? null) : null;
}

const READERS: Record<string, (fields: Fields) => KernelMessage> = {
  turns: (fields) => ({
    kind: 'turns',
    order: texts(fields['order']),
    turns: records(fields['turns']).map(turnOf),
  }),
  begin: (fields) => ({
    kind: 'begin',
    ask: text(fields['ask']),
    question: text(fields['question']),
    insteadOf: textOrNull(fields['instead_of']),
  }),
  delta: (fields) => ({ kind: 'delta', ask: text(fields['ask']), data: fields['data'] }),
  tool: (fields) => ({
    kind: 'tool',
    ask: text(fields['ask']),
    call: callOf(fieldsOf(fields['call'])),
  }),
  snapshot: (fields) => ({
    kind: 'snapshot',
    ask: text(fields['ask']),
    snapshot: {
      seq: number(fields['seq']) ?? 0,
      text: text(fields['text']),
      reasoning: text(fields['reasoning']),
    },
  }),
  ended: (fields) => ({
    kind: 'ended',
    ask: text(fields['ask']),
    turn: textOrNull(fields['turn']),
    error: problemOrNull(fields['error']),
  }),
  settings: (fields) => ({ kind: 'settings', settings: settingsOf(fields) }),
  models: (fields) => ({
    kind: 'models',
    models: records(fields['models']).map(modelOf),
    error: text(fields['error']),
  }),
  preview: (fields) => ({
    kind: 'preview',
    id: text(fields['id']),
    values: records(fields['values']).map(valueOf),
    error: problemOrNull(fields['error']),
  }),
  inserted: (fields) => ({
    kind: 'inserted',
    turn: text(fields['turn']),
    what: text(fields['what']),
    note: text(fields['note']),
    source: text(fields['source']),
    cells: fields['cells'],
  }),
  exported: (fields) => ({
    kind: 'exported',
    format: text(fields['format']),
    text: text(fields['text']),
    name: text(fields['name']),
  }),
  pong: (fields) => ({ kind: 'pong', id: text(fields['id']) }),
  math: (fields) => ({ kind: 'math', source: text(fields['source']) }),
  error: (fields) => ({ kind: 'error', problem: problemOf(fields) }),
};

function turnOf(fields: Fields): ShownTurn {
  const id = text(fields['id']);
  const branches = texts(fields['branches']);
  return {
    id,
    rev: JSON.stringify(fields['rev'] ?? null),
    question: text(fields['question']),
    text: text(fields['text']),
    reasoning: text(fields['reasoning']),
    reasoningSeconds: number(fields['reasoning_seconds']),
    tools: records(fields['tools']).map(callOf),
    pictures: records(fields['pictures']).map((picture) => ({
      address: text(picture['address']),
      words: text(picture['words']),
    })),
    notices: texts(fields['notices']),
    footer: text(fields['footer']),
    stale: text(fields['stale']),
    own: fields['own'] === true,
    below: fields['below'] === true,
    branches: branches.includes(id) ? branches : [id],
    others: texts(fields['others']),
    partial: fields['partial'] === true,
  };
}

const STATES = ['asking', 'running', 'done', 'failed', 'refused'] as const;

function callOf(fields: Fields): ToolCall {
  const state = STATES.find((name) => name === fields['state']) ?? 'done';
  const call: ToolCall = {
    id: text(fields['id']),
    name: text(fields['name']),
    arguments: text(fields['arguments']),
    state,
    seconds: number(fields['seconds']) ?? undefined,
    note: text(fields['note']),
  };
  return typeof fields['result'] === 'string' ? { ...call, result: fields['result'] } : call;
}

const SOURCES = ['cell', 'conversation', 'notebook'] as const;
const KINDS = ['number', 'text', 'list'] as const;

function settingsOf(fields: Fields): Settings {
  return {
    model: text(fields['model']),
    system: text(fields['system']),
    chat: text(fields['chat']),
    where: fields['where'] === 'end' ? 'end' : 'cell',
    mode: text(fields['mode']),
    parameters: records(fields['parameters']).map(parameterOf),
    spent: text(fields['spent']),
    offline: fields['offline'] === true,
  };
}

function parameterOf(fields: Fields): Parameter {
  return {
    name: text(fields['name']),
    label: text(fields['label']),
    help: text(fields['help']),
    min: number(fields['min']),
    max: number(fields['max']),
    step: number(fields['step']),
    integer: fields['integer'] === true,
    kind: KINDS.find((name) => name === fields['kind']) ?? 'text',
    value: settingOf(fields['value']),
    source: SOURCES.find((name) => name === fields['source']) ?? '',
    ignored: text(fields['ignored']),
  };
}

function settingOf(value: unknown): Value {
  return number(value) ?? textOrNull(value) ?? (Array.isArray(value) ? texts(value) : null);
}

function modelOf(fields: Fields): Model {
  const id = text(fields['id']);
  return {
    id,
    name: text(fields['name']) || id,
    context: number(fields['context']),
    priceIn: number(fields['price_in']),
    priceOut: number(fields['price_out']),
    features: texts(fields['features']),
  };
}

function valueOf(fields: Fields): ShownValue {
  return {
    expression: text(fields['expression']),
    text: text(fields['text']),
    note: text(fields['note']),
  };
}

function problemOrNull(value: unknown): Problem | null {
  return value === null || value === undefined ? null : problemOf(fieldsOf(value));
}

function problemOf(fields: Fields): Problem {
  return { what: text(fields['what']), todo: text(fields['todo']) };
}

function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function records(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
