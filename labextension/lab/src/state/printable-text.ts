/** Text of a model → text without control characters, as it is shown. */

// C0 and C1 controls but tab and line feed, and the marks that turn the direction of text.
// eslint-disable-next-line no-control-regex -- they are what is taken out
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

/** Return a text as an output shows it; the twin of `deepshi_jupyter/core/printable.py`. */
export function printable(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(CONTROL, '');
}
