export interface PlaceOptions {
  /** A popover that is shown. */
  readonly popover: HTMLElement;
  readonly beside: Element;
  /** `end`: where lines end they are flush; `middle`: their middles meet. */
  readonly align: "end" | "middle";
}

/** Puts a popover below an element, or above it where there is no room; inside the components, never outside the window. */
export function place({ popover, beside, align }: PlaceOptions): void {
  const near = beside.getBoundingClientRect();
  const { width, height } = popover.getBoundingClientRect();
  const around = (beside.closest(".ck") ?? document.body).getBoundingClientRect();
  const below = near.bottom + height <= innerHeight;
  const end = getComputedStyle(beside).direction === "rtl" ? near.left : near.right - width;
  const left = align === "end" ? end : near.left + (near.width - width) / 2;
  const most = Math.min(innerWidth, around.right) - width - 8;
  popover.style.left = `${Math.max(Math.min(left, most), around.left + 8, 8)}px`;
  popover.style.top = `${below ? near.bottom : Math.max(near.top - height, 8)}px`;
}
