import type { ReactNode } from "react";

import { useStrings } from "../hooks/useStrings.ts";

export interface ScrollableProps {
  readonly className: string;
  /** Which of the page's texts names it. */
  readonly label: "table" | "code";
  readonly children: ReactNode;
}

/** A region that is scrolled by itself when it is too wide, with the keyboard too. */
export function Scrollable({ className, label, children }: ScrollableProps): ReactNode {
  const strings = useStrings();
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className={className} aria-label={strings[label]} tabIndex={0}>
      {children}
    </section>
  );
}
