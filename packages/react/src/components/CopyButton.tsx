import { type ReactNode, useEffect, useState } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import { Icon } from "./Icon.tsx";

export interface CopyButtonProps {
  readonly text: string;
  readonly label: string;
}

/** How long the button shows the outcome, in milliseconds. */
const SHOWN = 2_000;

/** A button that copies a text and says so on itself. */
export function CopyButton({ text, label }: CopyButtonProps): ReactNode {
  const strings = useStrings();
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), SHOWN);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async (button: Element): Promise<void> => {
    try {
      const { copyText } = await import("../state/clipboard.ts");
      setState(await copyText(text, button));
    } catch {
      setState("failed");
    }
  };
  const says = { idle: label, copied: strings.copied, failed: strings.copyFailed }[state];
  return (
    <button
      type="button"
      className="ck-button ck-quiet ck-square"
      aria-label={says}
      title={says}
      data-state={state}
      onClick={(event) => void copy(event.currentTarget)}
    >
      <Icon name={state === "copied" ? "check" : "copy"} />
    </button>
  );
}
