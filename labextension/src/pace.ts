import type { Clock } from './clock';

/** Milliseconds between two drawings, at least. */
const INTERVAL = 100;

/** A drawing is followed by a pause of so many times what it took, so that the page stays quick. */
const REST = 4;

/** Draws at most ten times a second, and more rarely what is slow to draw. */
export class Pace {
  readonly #draw: () => void;
  readonly #clock: Clock;
  #next = 0;
  #isAsked = false;

  constructor(draw: () => void, clock: Clock) {
    this.#draw = draw;
    this.#clock = clock;
  }

  /** Draw as soon as it is time. */
  ask(): void {
    if (this.#isAsked) {
      return;
    }
    this.#isAsked = true;
    const wait = this.#next - this.#clock.now();
    const onPaint = (): void => {
      this.#clock.beforePaint(() => {
        this.#run();
      });
    };
    if (wait > 0) {
      this.#clock.after(wait, onPaint);
    } else {
      onPaint();
    }
  }

  /** Draw now, and forget that it was asked for. */
  now(): void {
    this.#isAsked = true;
    this.#run();
  }

  #run(): void {
    if (!this.#isAsked) {
      return;
    }
    this.#isAsked = false;
    const begun = this.#clock.now();
    this.#draw();
    const took = this.#clock.now() - begun;
    this.#next = begun + Math.max(INTERVAL, took * (1 + REST));
  }
}
