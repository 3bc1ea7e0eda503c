import type { Clock } from '../src/clock';

/** Time that passes when a test says so. */
export class StillClock implements Clock {
  #now = 0;
  #calls: { at: number; call: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, call: () => void): () => void {
    const timer = { at: this.#now + milliseconds, call };
    this.#calls.push(timer);
    return () => {
      this.#calls = this.#calls.filter((other) => other !== timer);
    };
  }

  beforePaint(call: () => void): void {
    this.after(0, call);
  }

  /** Let time pass, and call what was to be called in it. */
  pass(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (let next = this.#first(end); next !== undefined; next = this.#first(end)) {
      this.#calls = this.#calls.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.call();
    }
    this.#now = end;
  }

  /** Let work take time, as a slow drawing does. */
  work(milliseconds: number): void {
    this.#now += milliseconds;
  }

  #first(end: number): { at: number; call: () => void } | undefined {
    return this.#calls.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}
