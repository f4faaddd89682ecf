export interface PlaceOptions {
  /** A popover that is shown. */
  readonly popover: HTMLElement;
  readonly beside: Element;
  /** `end`: their right edges meet; `middle`: their middles do. */
  readonly align: "end" | "middle";
}

/** Puts a popover below an element, or above it where there is no room, and never outside the window. */
export function place({ popover, beside, align }: PlaceOptions): void {
  const near = beside.getBoundingClientRect();
  const { width, height } = popover.getBoundingClientRect();
  const below = near.bottom + height <= innerHeight;
  const left = align === "end" ? near.right - width : near.left + (near.width - width) / 2;
  popover.style.left = `${Math.min(Math.max(left, 8), innerWidth - width - 8)}px`;
  popover.style.top = `${below ? near.bottom : Math.max(near.top - height, 8)}px`;
}
