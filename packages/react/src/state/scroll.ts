/** Keeps a scrolled transcript where the reader is; see {@link createScrollKeeper}. */
export interface ScrollKeeper {
  /** The content has changed and is laid out: restores the place, or follows the end. */
  update(): void;
  /** Goes to the end and stays there. */
  toEnd(): void;
  close(): void;
}

/** What {@link createScrollKeeper} takes. */
export interface ScrollKeeperOptions {
  /** The element that scrolls; style it with `overflow-anchor: none`. */
  readonly container: HTMLElement;
  /** Its child that holds the messages as `article` elements. */
  readonly content: HTMLElement;
  /** Told at first, and when the end begins or ceases to be kept in sight. */
  readonly onSticking: (sticking: boolean) => void;
}

/** How near to the end a reader has to be for it to be kept in sight, in pixels. */
const NEAR = 32;

/**
 * Begins at the end. Follows the end while the reader is within 32 pixels of it; any upward movement lets go
 * at once, so that a growing answer never pulls anybody away. Messages added above leave what is seen where it
 * is, by compensation of our own: the browser's anchoring does nothing at the very top.
 */
export function createScrollKeeper(options: ScrollKeeperOptions): ScrollKeeper {
  const { container, content, onSticking } = options;
  let sticking = true;
  let lastTop = container.scrollTop;
  let lastMost = 0;
  let first: { readonly element: Element; readonly place: number } | undefined;

  const most = (): number => container.scrollHeight - container.clientHeight;
  const stick = (now: boolean): void => {
    if (sticking === now) return;
    sticking = now;
    onSticking(now);
  };
  const go = (top: number): void => {
    container.scrollTop = top;
    lastTop = container.scrollTop;
    lastMost = most();
  };
  const placeOf = (element: Element): number =>
    element.getBoundingClientRect().top + container.scrollTop - container.getBoundingClientRect().top;

  const follow = (): void => {
    if (sticking) go(most());
  };
  const onScroll = (): void => {
    const top = container.scrollTop;
    const end = most();
    // Content that shrinks moves the place by itself: no movement of the reader.
    const upward = top < lastTop && end >= lastMost;
    if (upward) stick(false);
    else if (end - top <= NEAR) stick(true);
    lastTop = top;
    lastMost = end;
  };
  const onWheel = (event: WheelEvent): void => {
    if (event.deltaY < 0 && most() > 0) stick(false);
  };

  onSticking(sticking);
  const sizes = new ResizeObserver(follow);
  sizes.observe(container);
  sizes.observe(content);
  container.addEventListener("scroll", onScroll, { passive: true });
  container.addEventListener("wheel", onWheel, { passive: true });

  return {
    update() {
      const moved = first?.element.isConnected === true ? placeOf(first.element) - first.place : 0;
      if (sticking) go(most());
      else if (moved !== 0) go(container.scrollTop + moved);
      const element = content.querySelector("article");
      first = element === null ? undefined : { element, place: placeOf(element) };
    },
    toEnd() {
      stick(true);
      go(most());
    },
    close() {
      sizes.disconnect();
      container.removeEventListener("scroll", onScroll);
      container.removeEventListener("wheel", onWheel);
    },
  };
}
