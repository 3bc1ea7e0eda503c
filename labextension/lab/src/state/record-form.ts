/**
 * Whether a value has the form of a turn record, version 2, or of a mark.
 *
 * The types that `msgspec` holds `TurnRecord`, `RecordedCall`, `Fork`, `Cut` and `Mark` of the
 * Python package to; fields that are not known are passed over.
 */

import { hasLoneSurrogate, isObject } from './json-value';

type Form = (value: unknown) => boolean;

const text: Form = (value) => typeof value === 'string';
const number: Form = (value) => typeof value === 'number';
const whole: Form = (value) => Number.isInteger(value);
const object: Form = isObject;

function oneOf(...names: readonly string[]): Form {
  return (value) => names.some((name) => name === value);
}

function orNull(form: Form): Form {
  return (value) => value === null || form(value);
}

function listOf(form: Form): Form {
  return (value) => Array.isArray(value) && value.every(form);
}

function fields(required: Readonly<Record<string, Form>>, left: Record<string, Form> = {}): Form {
  const must = Object.entries(required);
  const may = Object.entries(left);
  return (value) =>
    isObject(value) &&
    must.every(([name, form]) => form(value[name])) &&
    may.every(([name, form]) => value[name] === undefined || form(value[name])) &&
    !Object.keys(value).some(hasLoneSurrogate);
}

const call = fields(
  {},
  {
    request_key: text,
    sample: whole,
    messages: whole,
    repairs: whole,
    answers: listOf(fields({ message: object })),
    status: oneOf('complete', 'unconfirmed', 'truncated', 'interrupted'),
    served: text,
    usage: orNull(object),
    cost_usd: orNull(number),
    response_id: text,
    request_id: orNull(text),
    system_fingerprint: orNull(text),
    created: orNull(whole),
    started: text,
    time_to_first_token: orNull(number),
    duration: orNull(number),
    failed_attempts: listOf(object),
    notices: listOf(text),
  },
);

/** Whether a value can be read as a turn record of version 2. */
export const isTurnRecord = fields(
  { v: whole },
  {
    id: text,
    kind: oneOf('live', 'partial', 'imported', 'edited'),
    chat: text,
    start: oneOf('', 'new', 'once', 'aside'),
    fork: orNull(fields({ chat: text, turn: text })),
    parent: text,
    tip: text,
    system: text,
    system_from: oneOf('', 'cell', 'above', 'setting'),
    cut: orNull(fields({ first: text, left_out: whole }, { kept: listOf(text) })),
    messages: listOf(object),
    repairs: listOf(object),
    calls: listOf(call),
    tools: listOf(object),
    prompt: orNull(object),
    options: listOf(text),
    source_sha256: text,
    cell: text,
    place: whole,
    order: oneOf('frontend', 'disk', 'execution'),
    endpoint: text,
    model: text,
    parameters: object,
    form: text,
    remarks: listOf(text),
    price: orNull(object),
    redacted: whole,
    edited_from: text,
    made_by: object,
  },
);

/** Whether a value can be read as a mark. */
export const isMark = fields(
  {
    v: whole,
    mark: oneOf('skip', 'unskip', 'pin', 'unpin', 'pick', 'again', 'restore'),
    turn: text,
  },
  { cell: text, instead_of: text, record: orNull(object) },
);
