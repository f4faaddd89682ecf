import { type ReactNode, useId, useLayoutEffect, useRef, useState } from "react";

import { MoreIcon } from "./MoreIcon.tsx";
import { place } from "./place.ts";

export interface ActionMenuProps {
  /** What the button is called. */
  readonly label: string;
  /** Buttons; pressing one closes the menu. */
  readonly children: ReactNode;
}

/**
 * A button that shows a few others in a native popover: Escape and a press beside it close it, and the focus
 * returns, by the browser's own means.
 */
export function ActionMenu({ label, children }: ActionMenuProps): ReactNode {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  /** A press on the button closes the popover before the click comes. */
  const wasOpen = useRef(false);

  useLayoutEffect(() => {
    const shown = menu.current;
    if (!open || shown === null || button.current === null) return;
    const hide = (): void => shown.hidePopover();
    shown.addEventListener("click", hide);
    shown.showPopover();
    place({ popover: shown, beside: button.current, align: "end" });
    shown.querySelector("button")?.focus();
    return () => shown.removeEventListener("click", hide);
  }, [open]);

  return (
    <>
      <button
        ref={button}
        type="button"
        className="ck-button ck-quiet ck-square"
        aria-label={label}
        title={label}
        aria-expanded={open}
        aria-controls={id}
        onPointerDown={() => (wasOpen.current = open)}
        onClick={() => {
          setOpen(!wasOpen.current);
          wasOpen.current = false;
        }}
      >
        <MoreIcon name="more" />
      </button>
      <div
        ref={menu}
        id={id}
        popover="auto"
        className="ck-menu"
        onToggle={() => setOpen(menu.current?.matches(":popover-open") === true)}
      >
        {open && children}
      </div>
    </>
  );
}
