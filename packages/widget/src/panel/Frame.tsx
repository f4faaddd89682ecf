import { type ThreadStrings, useMedia } from "@chatkeep/react";
import {
  type HTMLAttributes,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
} from "react";

import type { Settings } from "../settings.ts";
import { followKeyboard } from "./size.ts";

export interface FrameProps {
  readonly settings: Settings;
  /** `null` while they are loaded. */
  readonly strings: ThreadStrings | null;
  readonly visibility: "open" | "closed";
  /** How often a person has opened it: each time the focus moves in. */
  readonly entrances: number;
  readonly onClose: () => void;
  readonly onEscape: () => "done" | "nothing";
  readonly children: ReactNode;
}

/** What the panel stands in: a section of the page when it is inline, else above the page. */
export function Frame(props: FrameProps): ReactNode {
  const { settings, strings, onEscape, children } = props;
  const frame: HTMLAttributes<HTMLElement> & { "data-theme": string } = {
    className: "frame",
    part: "frame",
    lang: strings?.language ?? settings.language,
    dir: strings?.direction ?? "ltr",
    "data-theme": settings.theme,
    "aria-label": settings.label ?? strings?.conversations ?? "Chatkeep",
    onKeyDown(event: KeyboardEvent<HTMLElement>) {
      if (event.key !== "Escape" || event.shiftKey || event.nativeEvent.isComposing) return;
      // What is open within the panel has the key for itself.
      const inner = event.currentTarget.querySelector("dialog[open], :popover-open") !== null;
      if (inner || onEscape() === "nothing") return;
      event.preventDefault();
      event.stopPropagation();
    },
    children: (
      <div className="ck panel" part="panel">
        {children}
      </div>
    ),
  };
  if (settings.mode === "inline") return <section {...frame} />;
  return <Floating {...props} frame={frame} />;
}

/** On a wide screen a popover above the page, which stays usable; on a narrow one a modal dialog. */
function Floating(props: FrameProps & { readonly frame: HTMLAttributes<HTMLElement> }): ReactNode {
  const { frame, strings, visibility, entrances, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const entered = useRef(0);
  const narrow = useMedia("(width < 40rem)");
  const ready = strings !== null;

  useLayoutEffect(() => {
    const element = dialog.current;
    if (element === null || visibility === "closed") return;
    if (narrow) element.showModal();
    else showBeside(element);
    const end = followKeyboard(element);
    return () => {
      end();
      if (element.open) element.close();
      else if (element.matches(":popover-open")) element.hidePopover();
    };
  }, [visibility, narrow]);
  useEffect(() => {
    if (!ready || visibility === "closed" || entered.current === entrances) return;
    entered.current = entrances;
    // On a touch screen the keyboard would come up over the answer.
    const target = matchMedia("(pointer: coarse)").matches ? "h2" : "textarea";
    dialog.current?.querySelector<HTMLElement>(target)?.focus();
  }, [visibility, entrances, ready]);

  return (
    <dialog
      {...frame}
      ref={dialog}
      popover="manual"
      onClose={({ target, currentTarget }) => {
        if (target === currentTarget && !currentTarget.open && !currentTarget.matches(":popover-open"))
          onClose();
      }}
    />
  );
}

/** Shows a popover and leaves the focus where it is: a dialog takes it, also when no person has opened it. */
function showBeside(dialog: HTMLElement): void {
  const before = document.activeElement;
  dialog.showPopover();
  const taken = (dialog.getRootNode() as ShadowRoot).activeElement;
  if (!(taken instanceof HTMLElement)) return;
  taken.blur();
  if (before instanceof HTMLElement) before.focus({ preventScroll: true });
}
