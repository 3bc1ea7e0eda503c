/** Walks through the questions that were asked, as a shell does. */
export class QuestionHistory {
  #questions: string[] = [];
  #place: number | null = null;
  #draft = '';

  /** Whether an earlier question is shown. */
  get isWalking(): boolean {
    return this.#place !== null;
  }

  /** Set the questions, oldest first; repeats that follow each other count once. */
  set(questions: readonly string[]): void {
    this.#questions = questions.filter((each, i) => each !== '' && each !== questions[i - 1]);
    this.leave();
  }

  /** Forget the place, because the reader writes something of their own. */
  leave(): void {
    this.#place = null;
  }

  /** Return the question before the one that is shown, or null at the first. */
  earlier(shown: string): string | null {
    const place = this.#place ?? this.#questions.length;
    if (place === 0) {
      return null;
    }
    if (this.#place === null) {
      this.#draft = shown;
    }
    this.#place = place - 1;
    return this.#questions[this.#place] ?? null;
  }

  /** Return the question after the one that is shown, at last what was being written, or null. */
  later(): string | null {
    if (this.#place === null) {
      return null;
    }
    this.#place += 1;
    if (this.#place < this.#questions.length) {
      return this.#questions[this.#place] ?? null;
    }
    this.#place = null;
    return this.#draft;
  }
}
