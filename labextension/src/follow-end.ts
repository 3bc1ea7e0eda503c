/** So many pixels from the end still count as the end. */
const NEAR = 24;

/** Keeps a scrolling element at its end, unless its reader has scrolled up. */
export class FollowEnd {
  readonly #element: Element;
  readonly #onChange: (isFollowing: boolean) => void;
  #isFollowing = true;
  #isAsked = false;
  #top = 0;

  constructor(element: Element, onChange: (isFollowing: boolean) => void) {
    this.#element = element;
    this.#onChange = onChange;
    element.addEventListener('scroll', () => {
      this.#scrolled();
    });
    element.addEventListener('click', ({ target }) => {
      this.#clicked(target);
    });
    // A picture takes its place when it has loaded; that event does not bubble.
    const loaded = (): void => {
      this.keep();
    };
    element.addEventListener('load', loaded, true);
    // What comes into sight takes its true height; so does all when a hidden page is shown.
    element.addEventListener('contentvisibilityautostatechange', loaded);
    if (typeof ResizeObserver !== 'undefined') {
      new ResizeObserver(loaded).observe(element);
    }
  }

  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  /**
   * Go to the end if the reader is there; call after each change of the content.
   *
   * To know where the end is costs a layout, so all changes of one task together cost one.
   */
  keep(): void {
    if (this.#isAsked) {
      return;
    }
    this.#isAsked = true;
    queueMicrotask(() => {
      this.#isAsked = false;
      this.#keepNow();
    });
  }

  /** Go to the end, wherever the reader is. */
  go(): void {
    this.#set(true);
    this.#keepNow();
  }

  #keepNow(): void {
    if (this.#isFollowing) {
      this.#element.scrollTop = this.#element.scrollHeight;
      this.#top = this.#element.scrollTop;
    }
  }

  /** Content that grows fires no scroll event, and one that comes late says nothing of the reader. */
  #scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#element;
    if (scrollHeight - scrollTop - clientHeight <= NEAR) {
      this.#set(true);
    } else if (scrollTop < this.#top - 1) {
      this.#set(false);
    }
    this.#top = scrollTop;
  }

  /** Who unfolds something wants to read it, and not to be taken from it. */
  #clicked(target: EventTarget | null): void {
    const folded = target instanceof Element ? target.closest('summary')?.parentElement : null;
    const overflows = this.#element.scrollHeight > this.#element.clientHeight;
    if (folded?.matches('details:not([open])') && overflows) {
      this.#set(false);
    }
  }

  #set(isFollowing: boolean): void {
    if (isFollowing !== this.#isFollowing) {
      this.#isFollowing = isFollowing;
      this.#onChange(isFollowing);
    }
  }
}
