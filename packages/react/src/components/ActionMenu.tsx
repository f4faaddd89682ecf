import {
  type FocusEvent,
  type KeyboardEvent,
  type ReactNode,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";

import { MoreIcon } from "./MoreIcon.tsx";
import { place } from "./place.ts";

export interface ActionMenuProps {
  /** What the button is called. */
  readonly label: string;
  /** That of the button; default 0. */
  readonly tabIndex?: 0 | -1 | undefined;
  /** Buttons; pressing one closes the menu. */
  readonly children: ReactNode;
}

/**
 * A button that shows a few others in a native popover: Escape and a press beside it close it, and the focus
 * returns, by the browser's own means. Arrows, Home, End and first letters go through them.
 */
export function ActionMenu({ label, tabIndex, children }: ActionMenuProps): ReactNode {
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
        tabIndex={tabIndex}
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
        {...KEYS}
        onToggle={() => setOpen(menu.current?.matches(":popover-open") === true)}
      >
        {open && children}
      </div>
    </>
  );
}

function goThrough(event: KeyboardEvent<HTMLElement>): void {
  const { key, currentTarget, ctrlKey, metaKey, altKey } = event;
  if (ctrlKey || metaKey || altKey) return;
  const buttons = [...currentTarget.querySelectorAll("button")];
  const at = buttons.indexOf(event.target as HTMLButtonElement);
  const after = [...buttons.slice(at + 1), ...buttons.slice(0, at + 1)];
  const to =
    { ArrowDown: after[0], ArrowUp: after.at(-2), Home: buttons[0], End: buttons.at(-1) }[key] ??
    after.find(({ textContent }) => key.length === 1 && begins(textContent, key));
  if (to === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  to.focus();
}

function begins(text: string, letter: string): boolean {
  return text.trim().toLowerCase().startsWith(letter.toLowerCase());
}

/** Tab leaves the menu, which then closes. */
function leave({ currentTarget, relatedTarget }: FocusEvent<HTMLElement>): void {
  if (relatedTarget !== null && !currentTarget.contains(relatedTarget)) currentTarget.hidePopover();
}

const KEYS = { onKeyDown: goThrough, onBlur: leave };
