/** Where time comes from; a test brings its own. */
export interface Clock {
  /** Milliseconds since some moment. */
  now(): number;
  /** Call once after so many milliseconds; returns what calls it off. */
  after(milliseconds: number, call: () => void): () => void;
  /** Call before the page is next painted. */
  beforePaint(call: () => void): void;
}

/** The time of the page. */
export const pageClock: Clock = {
  now: () => performance.now(),
  after(milliseconds, call) {
    const timer = setTimeout(call, milliseconds);
    return () => {
      clearTimeout(timer);
    };
  },
  beforePaint(call) {
    requestAnimationFrame(call);
  },
};
