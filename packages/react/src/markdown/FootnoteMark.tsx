import type { MouseEvent, ReactNode } from "react";

import { useStrings } from "../hooks/useStrings.ts";

/** The mark of a footnote. */
export function FootnoteMark({ label }: { readonly label: string }): ReactNode {
  return (
    <sup>
      <button
        type="button"
        className="ck-mark"
        data-footnote-mark={label}
        aria-label={useStrings().footnote(label)}
        onClick={goTo("note", label)}
      >
        {label}
      </button>
    </sup>
  );
}

/** Goes to a note, or back to its mark. Uses no address, because the page's router may take it, and it finds nothing in a shadow root. */
export function goTo(target: "mark" | "note", label: string): (event: MouseEvent<HTMLElement>) => void {
  const [attribute, key] =
    target === "note"
      ? (["[data-footnote]", "footnote"] as const)
      : (["[data-footnote-mark]", "footnoteMark"] as const);
  return ({ currentTarget }) => {
    const found = [
      ...(currentTarget.closest(".ck-markdown")?.querySelectorAll<HTMLElement>(attribute) ?? []),
    ].find(({ dataset }) => dataset[key] === label);
    found?.scrollIntoView({ block: "nearest" });
    found?.focus({ preventScroll: true });
  };
}
