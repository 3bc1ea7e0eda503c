/** A line → its words as a POSIX shell takes them; the twin of Python's `shlex.split`. */

/** A quote is not closed, or a backslash stands at the end. */
export class OpenQuoteError extends Error {}

const SPACE = ' \t\r\n';

/** Reads one character after the other; `word` is null where none has begun. */
class Splitter {
  readonly words: string[] = [];
  #word: string | null = null;
  #quote = '';
  #escapes = false;

  take(character: string): void {
    if (this.#escapes) {
      this.#escapes = false;
      const isKept = this.#quote !== '' && character !== '\\' && character !== this.#quote;
      this.#add(isKept ? `\\${character}` : character);
    } else if (character === '\\' && this.#quote !== "'") {
      this.#escapes = true;
      this.#add('');
    } else if (this.#quote !== '') {
      this.#inQuotes(character);
    } else {
      this.#outside(character);
    }
  }

  end(): string[] {
    if (this.#quote !== '' || this.#escapes) {
      throw new OpenQuoteError('No closing quotation, or nothing after a backslash.');
    }
    this.#finish();
    return this.words;
  }

  #inQuotes(character: string): void {
    if (character === this.#quote) {
      this.#quote = '';
    } else {
      this.#add(character);
    }
  }

  #outside(character: string): void {
    if (SPACE.includes(character)) {
      this.#finish();
    } else if (character === '"' || character === "'") {
      this.#quote = character;
      this.#add('');
    } else {
      this.#add(character);
    }
  }

  #add(text: string): void {
    this.#word = (this.#word ?? '') + text;
  }

  #finish(): void {
    if (this.#word !== null) {
      this.words.push(this.#word);
    }
    this.#word = null;
  }
}

/** Return the words of a line, which may be given as its characters. */
export function shellWords(line: Iterable<string>): string[] {
  const splitter = new Splitter();
  for (const character of line) {
    splitter.take(character);
  }
  return splitter.end();
}
