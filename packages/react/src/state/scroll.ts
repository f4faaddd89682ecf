/** Keeps a scrolled transcript where the reader is; see {@link createScrollKeeper}. */
export interface ScrollKeeper {
  /**
   * The content has changed and is laid out: restores the place, or follows the end. `middle`: what is loaded does
   * not reach the end of the conversation, so its lower edge is none to stay at.
   */
  update(reaches: "end" | "middle"): void;
  /** Goes to the end and stays there. */
  toEnd(): void;
  /** Goes to an element, with something of what stands before it. */
  toElement(element: Element): void;
  close(): void;
}

export interface ScrollKeeperOptions {
  /** The element that scrolls; style it with `overflow-anchor: none`. */
  readonly container: HTMLElement;
  /** Its child that holds the messages as `article` elements. */
  readonly content: HTMLElement;
  /** Called at once, and whenever the end starts or stops being kept in sight. */
  readonly onSticking: (sticking: boolean) => void;
}

/** How near to the end a reader has to be for it to be kept in sight, in pixels. */
const NEAR = 32;
/** How much of what stands before an element is shown when it is gone to, as a part of what is seen. */
const BEFORE = 0.2;

/**
 * Begins at the end. Follows the end while the reader is within 32 pixels of it; any upward movement lets go
 * at once, so that a growing answer never pulls anybody away. Messages added or taken away above leave what is seen
 * where it is, by compensation of our own: the browser's anchoring does nothing at the very top.
 */
export function createScrollKeeper(options: ScrollKeeperOptions): ScrollKeeper {
  const { container, content, onSticking } = options;
  let sticking = true;
  let reaches: "end" | "middle" = "end";
  let lastTop = container.scrollTop;
  let lastMost = 0;
  /** The first message that is seen, and where it was in the content. */
  let seen: { readonly element: Element; readonly place: number } | undefined;

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
  const look = (): void => {
    const element = firstBelow(
      content.getElementsByTagName("article"),
      container.getBoundingClientRect().top,
    );
    seen = element === undefined ? undefined : { element, place: placeOf(element) };
  };

  const follow = (): void => {
    if (reaches === "middle") return;
    // With nothing to scroll to, the end is in sight.
    if (most() <= 0) stick(true);
    if (sticking) go(most());
  };
  const onScroll = (): void => {
    const top = container.scrollTop;
    const end = most();
    // Content that shrinks moves the place by itself: no movement of the reader.
    const upward = top < lastTop && end >= lastMost;
    if (upward) stick(false);
    else if (end - top <= NEAR && reaches === "end") stick(true);
    lastTop = top;
    lastMost = end;
    look();
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
    update(now) {
      reaches = now;
      const moved = seen?.element.isConnected === true ? placeOf(seen.element) - seen.place : 0;
      if (sticking && reaches === "end") go(most());
      else if (moved !== 0) go(container.scrollTop + moved);
      look();
    },
    toEnd() {
      stick(true);
      follow();
    },
    toElement(element) {
      stick(most() <= 0);
      go(placeOf(element) - container.clientHeight * BEFORE);
      look();
    },
    close() {
      sizes.disconnect();
      container.removeEventListener("scroll", onScroll);
      container.removeEventListener("wheel", onWheel);
    },
  };
}

/** The first of elements, one below the other, that ends below `top`; found by halves: all are measured 60 times a second. */
function firstBelow(elements: HTMLCollectionOf<Element>, top: number): Element | undefined {
  let from = 0;
  let to = elements.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((elements[middle]?.getBoundingClientRect().bottom ?? 0) > top) to = middle;
    else from = middle + 1;
  }
  return elements[from];
}
