/**
 * A turn record → what is shown of it.
 *
 * The twin of `deepshi_jupyter/display/` (`bundle.py`, `footer.py`, `tool_card.py`) with
 * `recorded_turn.answer_of`; both are tested against `tests/frontend/protocol/record-*.json`.
 */

import type { ToolCall } from '../../../src/tool-card';
import { isNumber, isObject, isText, type Json } from '../json-shape';
import { readRecord, type RecordedAnswer, type RecordedCall } from '../state/turn-record';
import { inForm } from './answer-form';
import { fixed, grouped } from './number-format';

/** One answer of a turn; several with `-n`. */
export interface ShownAnswer {
  reasoning: string;
  /** Markdown, in the form that was asked for. */
  text: string;
  refusal: string;
  /** Addresses of the pictures that came with it. */
  pictures: string[];
}

export interface ShownRecord {
  turn: string;
  question: string;
  /** The pictures that were sent with the question. */
  sentPictures: { type: string; sha256: string }[];
  cards: ToolCall[];
  answers: ShownAnswer[];
  notices: string[];
  footer: string;
  /** Whether the text is shown as it came, so that a view of its stream shows the same. */
  isPlain: boolean;
}

/**
 * Return what is shown of a record.
 *
 * @throws RecordError It is of a newer version, or none.
 */
export function shownRecord(value: unknown): ShownRecord {
  const { id, written, call } = readRecord(value);
  const record: Json = { ...written };
  const form = isText(record['form']) ? record['form'] : 'markdown';
  const asked = listIn(record, 'messages')[0] ?? {};
  const cards = listIn(record, 'tools').map(cardOf);
  const answers = (call.answers ?? []).map((answer) => shownAnswer(answer, form));
  return {
    turn: id,
    question: textOf(asked),
    sentPictures: picturesOf(asked),
    cards,
    answers,
    notices: noticesOf(record, call, answers),
    footer: footerOf(record, call),
    isPlain: form === 'markdown' && cards.length === 0 && answers.length < 2,
  };
}

function shownAnswer(answer: RecordedAnswer, form: string): ShownAnswer {
  const fields = answer as unknown as Json;
  const text = textIn(answer.message, 'content');
  return {
    reasoning: textIn(fields, 'reasoning'),
    text: text === '' ? '' : inForm(text, form),
    refusal: textIn(answer.message, 'refusal') || textIn(fields, 'refusal'),
    pictures: listIn(fields, 'images').map(addressOf),
  };
}

/** The text of a message; of content parts, the texts among them. */
function textOf(message: Json): string {
  const texts = listIn(message, 'content').map((part) => part['text']);
  return textIn(message, 'content') || texts.filter(isText).join('\n\n');
}

function picturesOf(message: Json): ShownRecord['sentPictures'] {
  return listIn(message, 'content')
    .filter(({ type }) => type === 'image')
    .map((part) => ({ type: textIn(part, 'media_type'), sha256: textIn(part, 'sha256') }));
}

function addressOf(image: Json): string {
  const inner = image['image_url'];
  return textIn(isObject(inner) ? inner : image, 'url');
}

function cardOf(tool: Json, number: number): ToolCall {
  const refused = tool['refused'] === true;
  return {
    id: textIn(tool, 'call_id') || String(number),
    name: textIn(tool, 'name'),
    arguments: textIn(tool, 'arguments'),
    state: refused ? 'refused' : tool['error'] === true ? 'failed' : 'done',
    seconds: numberIn(tool, 'duration') ?? 0,
    result: textIn(tool, 'text'),
    note: textIn(tool, 'note'),
  };
}

/* The sentences below an answer, as `display/footer.py` says them. */

const OF_STATUS: Readonly<Record<string, string>> = {
  unconfirmed: 'The service ended the stream without saying why; the answer may be incomplete.',
  truncated: 'The answer broke off here. Run the cell again for a whole one.',
  interrupted: 'You stopped this answer. Run the cell again for a whole one.',
};

function noticesOf(record: Json, call: RecordedCall, answers: ShownAnswer[]): string[] {
  return [
    OF_STATUS[statusOf(call)] ?? '',
    ofFinish(call, answers[0]),
    ...textsIn(call as Json, 'notices'),
    ...textsIn(record, 'remarks'),
  ].filter((sentence) => sentence !== '');
}

function ofFinish(call: RecordedCall, answer: ShownAnswer | undefined): string {
  const text = answer?.text ?? '';
  switch (finishReason(call)) {
    case 'length':
      return text === ''
        ? 'All of max_tokens went into reasoning, so no answer was left. Raise max_tokens (`--max-tokens`) or leave it out.'
        : 'Cut at max_tokens. Raise it (`--max-tokens`) or leave it out for a whole answer.';
    case 'content_filter':
      return "The service's content filter cut this answer. Rephrase the question.";
  }
  if ((answer?.refusal ?? '') !== '') {
    return 'The model refused to answer. Rephrase the question.';
  }
  const isEmpty = text === '' && (answer?.pictures.length ?? 0) === 0 && !hasToolCalls(call);
  return statusOf(call) === 'complete' && isEmpty
    ? 'The model answered with nothing. Ask again, or rephrase the question.'
    : '';
}

function hasToolCalls(call: RecordedCall): boolean {
  const [answer] = call.answers ?? [];
  return answer !== undefined && listIn(answer.message, 'tool_calls').length > 0;
}

function finishReason(call: RecordedCall): string {
  const reason = call.answers?.[0]?.finish_reason;
  return isText(reason) ? reason : '';
}

function statusOf(call: RecordedCall): string {
  return call.status ?? 'complete';
}

/* The line below an answer, as `display/footer.py` writes it. */

function footerOf(record: Json, call: RecordedCall): string {
  const fields = call as Json;
  const prompt = record['prompt'];
  const inserted = isObject(prompt) ? listIn(prompt, 'inserted').length : 0;
  return [
    modelOf(call.served ?? ''),
    timeOf(fields),
    tokensOf(call.usage ?? null),
    costOf(call, record['price']),
    triesOf(listIn(fields, 'failed_attempts').length + 1),
    inserted === 0 ? '' : `${inserted} value${inserted === 1 ? '' : 's'} inserted`,
    finishReason(call) || statusOf(call),
  ]
    .filter((fact) => fact !== '')
    .join(' · ');
}

function modelOf(served: string): string {
  return served.startsWith('offline-')
    ? `${served} (embedded endpoint, not a language model)`
    : served;
}

function timeOf(call: Json): string {
  const first = numberIn(call, 'time_to_first_token');
  const after = first === null ? '' : ` (${fixed(first, 1)} s to first token)`;
  return `${fixed(numberIn(call, 'duration') ?? 0, 1)} s${after}`;
}

interface Tokens {
  prompt: number | null;
  completion: number | null;
  cached: number;
  reasoning: number;
}

function readTokens(usage: Json): Tokens {
  return {
    prompt: count(usage['prompt_tokens']),
    completion: count(usage['completion_tokens']),
    cached: inside(usage, 'prompt_tokens_details', 'cached_tokens'),
    reasoning: inside(usage, 'completion_tokens_details', 'reasoning_tokens'),
  };
}

function tokensOf(usage: Json | null): string {
  const { prompt, completion, cached, reasoning } = readTokens(usage ?? {});
  if (prompt === null || completion === null) {
    return '';
  }
  const read = cached === 0 ? '' : ` (${grouped(String(cached))} cached)`;
  const thought = reasoning === 0 ? '' : ` (${grouped(String(reasoning))} reasoning)`;
  return `${grouped(String(prompt))} in${read} / ${grouped(String(completion))} out${thought}`;
}

function costOf(call: RecordedCall, price: unknown): string {
  const usage = call.usage ?? null;
  const reported = usage === null ? null : (call.cost_usd ?? readCost(usage['cost']));
  if (reported !== null) {
    return dollars(reported);
  }
  const estimate = usage !== null && isObject(price) ? estimateOf(price, readTokens(usage)) : null;
  return estimate === null ? '' : `≈ ${dollars(estimate)}`;
}

function estimateOf(price: Json, tokens: Tokens): number | null {
  const [asked, answered] = [numberIn(price, 'prompt'), numberIn(price, 'completion')];
  const { prompt, completion } = tokens;
  if (prompt === null || completion === null || asked === null || answered === null) {
    return null;
  }
  const rate = numberIn(price, 'cached');
  const cached = rate === null ? 0 : Math.min(tokens.cached, prompt);
  return ((prompt - cached) * asked + cached * (rate ?? 0) + completion * answered) / 1_000_000;
}

function readCost(cost: unknown): number | null {
  const value = isObject(cost) ? cost['total_cost'] : cost;
  return isNumber(value) ? value : null;
}

/** USD with enough digits to be told from nothing. */
function dollars(amount: number): string {
  return `$${amount >= 1 ? grouped(fixed(amount, 2)) : fixed(amount, 5)}`;
}

function triesOf(tries: number): string {
  return tries > 1 ? `${tries} tries` : '';
}

/* Reading fields that may be missing or of another type. */

function textIn(object: Json, name: string): string {
  const value = object[name];
  return isText(value) ? value : '';
}

function numberIn(object: Json, name: string): number | null {
  const value = object[name];
  return isNumber(value) ? value : null;
}

function listIn(object: Json, name: string): Json[] {
  const value = object[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function textsIn(object: Json, name: string): string[] {
  const value = object[name];
  return Array.isArray(value) ? value.filter(isText) : [];
}

function inside(usage: Json, name: string, field: string): number {
  const inner = usage[name];
  return (isObject(inner) ? count(inner[field]) : null) ?? 0;
}

function count(value: unknown): number | null {
  return isNumber(value) ? Math.trunc(value) : null;
}
