/**
 * Text of a model → text that means the same to every parser, while it comes in pieces.
 *
 * The twin of `clean` in `deepshi_jupyter/display/markdown_reader.py`.
 */

/** C0 and C1 controls but tab and line feed, marks that turn the direction of text, byte order marks. */
const UNWANTED =
  // eslint-disable-next-line no-control-regex -- control characters are what it is about
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]/g;

const LONE_SURROGATE = /\p{Surrogate}/gu;

/** A carriage return or half a character, of which the next piece decides what it is. */
const UNDECIDED = /[\r\ud800-\udbff]$/;

/** Return a whole text with line feeds as its only line ends and without characters that act. */
export function cleanText(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(LONE_SURROGATE, '\ufffd')
    .replace(/[\u2028\u2029]/g, ' ')
    .replace(UNWANTED, '');
}

/** Cleans a text that comes in pieces: the pieces, joined, are the cleaned whole. */
export class TextCleaner {
  #held = '';

  /** Return what is certain of the text after this piece. */
  take(piece: string): string {
    const text = this.#held + piece;
    this.#held = UNDECIDED.exec(text)?.[0] ?? '';
    return cleanText(this.#held ? text.slice(0, -1) : text);
  }

  /** Return what was held back, because nothing more comes. */
  end(): string {
    const held = this.#held;
    this.#held = '';
    return cleanText(held);
  }
}
