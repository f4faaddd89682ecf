import { type ReactNode, useEffect, useState } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import { IconButton, type Press } from "./Button.tsx";

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
  const copy = ({ currentTarget }: Press): void =>
    void import("../state/clipboard.ts")
      .then(({ copyText }) => copyText(text, currentTarget))
      .then(setState, () => setState("failed"));
  const says = { idle: label, copied: strings.copied, failed: strings.copyFailed }[state];
  return <IconButton icon={state === "copied" ? "check" : "copy"} label={says} onPress={copy} />;
}
