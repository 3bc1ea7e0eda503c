/**
 * The messages between JupyterLab and the kernel, version 1.
 *
 * The twin of `deepshi_jupyter/link/`; both are tested against `tests/frontend/protocol/control-*.json`.
 * The front end opens the comm `deepshi.control` and asks; the kernel opens the others.
 */

import {
  hasShape,
  isCount,
  isFlag,
  isListOf,
  isNumber,
  isObject,
  isText,
  orNull,
  type Json,
} from './json-shape';

export const VERSION = 1;

/** Opened by the front end, so that its messages arrive while a cell runs. */
export const CONTROL = 'deepshi.control';
/** Opened by the kernel: the magics are loaded. */
export const READY = 'deepshi.ready';
/** Opened by the kernel, one an answer; its messages are those of `../../src/protocol.ts`. */
export const STREAM = 'deepshi.stream';
/** Opened by the kernel to change the first line of a cell. */
export const EDIT = 'deepshi.edit';

/** A MIME bundle as the output of a cell has it. */
export type Bundle = Json;

/** What the front end asks, by kind, without `v` and `kind`. */
export interface Requests {
  hello: { front_end: string; reads: string[] };
  stop: { turn: string } | { cell: string };
  snapshot: { turn: string };
  settings: NotebookSettings;
  status: { cell: string | null };
  versions: { turn: string };
  pick: { turn: string; version: string };
}

/** The metadata `deepshi` of a notebook; null: not set there. */
export interface NotebookSettings {
  model: string | null;
  system: string | null;
  mode: string | null;
  parameters: Json;
}

/** The cells from the top, and those that are about to run; has no reply. */
export interface Order {
  seq: number;
  cells: PlacedCell[];
  runs: string[];
}

export interface PlacedCell {
  id: string;
  /** Of the cell's whole source as UTF-8, in hexadecimal. */
  sha256: string;
}

/** An answer that is coming; `comm` is the id of its stream's comm, if it has one. */
export interface RunningTurn {
  turn: string;
  cell: string;
  comm?: string;
}

export interface Problem {
  what: string;
  todo: string;
}

export interface ContextTurn {
  cell: string;
  turn: string;
  tokens: number | null;
}

export interface AnswerVersion {
  turn: string;
  label: string;
  bundle: Bundle;
}

/** What the kernel replies, by kind. */
export interface Replies {
  welcome: { version: string; running: RunningTurn[] };
  stopping: { turn: string; found: boolean };
  snapshot: { turn: string; seq: number; text: string; reasoning: string; ended: boolean };
  settings: { errors: Problem[] };
  status: {
    model: string;
    endpoint: string;
    offline: boolean;
    mode: string;
    spent: string;
    cost: number | null;
    context_tokens: number | null;
    context: ContextTurn[];
    models: string[];
  };
  versions: { turn: string; versions: AnswerVersion[] };
  picked: { turn: string; version: string; bundle: Bundle; mark: Json };
}

/** The kind of the reply to each kind of request. */
export const REPLY_TO = {
  hello: 'welcome',
  stop: 'stopping',
  snapshot: 'snapshot',
  settings: 'settings',
  status: 'status',
  versions: 'versions',
  pick: 'picked',
} as const satisfies Record<keyof Requests, keyof Replies>;

export type RequestKind = keyof Requests;
export type ReplyKind = keyof Replies;
export type ReplyOf<Kind extends RequestKind> = Replies[(typeof REPLY_TO)[Kind]];

/** A failure; `to` is the kind of the message that asked, or empty. */
export interface Refusal extends Problem {
  to: string;
}

/** A message of the kernel that could be read. */
export type Received =
  | { [Kind in ReplyKind]: { kind: Kind; reply: Replies[Kind] } }[ReplyKind]
  | { kind: 'error'; refusal: Refusal };

function isRunning(value: unknown): value is RunningTurn {
  return (
    isObject(value) &&
    ['turn', 'cell'].every((name) => isText(value[name])) &&
    isText(value['comm'] ?? '')
  );
}

const isProblem = hasShape<Problem>({ what: isText, todo: isText });

const CHECKS: { [Kind in ReplyKind]: (value: unknown) => value is Replies[Kind] } = {
  welcome: hasShape({
    version: isText,
    running: listOf(isRunning),
  }),
  stopping: hasShape({ turn: isText, found: isFlag }),
  snapshot: hasShape({
    turn: isText,
    seq: isCount,
    text: isText,
    reasoning: isText,
    ended: isFlag,
  }),
  settings: hasShape({ errors: listOf(isProblem) }),
  status: hasShape({
    model: isText,
    endpoint: isText,
    offline: isFlag,
    mode: isText,
    spent: isText,
    cost: orNull(isNumber),
    context_tokens: orNull(isCount),
    context: listOf(hasShape<ContextTurn>({ cell: isText, turn: isText, tokens: orNull(isCount) })),
    models: listOf(isText),
  }),
  versions: hasShape({
    turn: isText,
    versions: listOf(hasShape<AnswerVersion>({ turn: isText, label: isText, bundle: isObject })),
  }),
  picked: hasShape({ turn: isText, version: isText, bundle: isObject, mark: isObject }),
};

const isRefusal = hasShape<Refusal>({ what: isText, todo: isText, to: isText });

function listOf<Item>(
  isItem: (item: unknown) => item is Item,
): (value: unknown) => value is Item[] {
  return (value): value is Item[] => isListOf(value, isItem);
}

/** Return a message as it is sent. */
export function message(kind: RequestKind | 'order', fields: object): Json {
  return { v: VERSION, kind, ...fields };
}

/** Read what the kernel sent on the control comm; null if it cannot be read. */
export function readMessage(data: unknown): Received | null {
  if (!isOfVersion(data)) {
    return null;
  }
  const { kind } = data;
  if (kind === 'error') {
    return isRefusal(data) ? { kind, refusal: data } : null;
  }
  return isReplyKind(kind) && CHECKS[kind](data) ? ({ kind, reply: data } as Received) : null;
}

/** Whether the data of a comm that the kernel opened are of this version. */
export function isOfVersion(data: unknown): data is Json {
  return isObject(data) && data['v'] === VERSION;
}

const isStreamOpening = hasShape({ turn: isText, cell: isText });

/** Read with what the kernel opened the stream of an answer. */
export function readStreamOpening(data: unknown): { turn: string; cell: string } | null {
  return isOfVersion(data) && isStreamOpening(data) ? { turn: data.turn, cell: data.cell } : null;
}

/** A change of the first line of a cell. */
export interface LineEdit {
  cell: string;
  line: string;
}

const isLineEdit = hasShape<LineEdit>({ cell: isText, line: isText });

/** Read with what the kernel opened a comm that changes a line. */
export function readLineEdit(data: unknown): LineEdit | null {
  if (!isOfVersion(data) || !isLineEdit(data) || data.cell === '' || /[\r\n]/.test(data.line)) {
    return null;
  }
  return { cell: data.cell, line: data.line };
}

function isReplyKind(kind: unknown): kind is ReplyKind {
  return isText(kind) && Object.hasOwn(CHECKS, kind);
}
