import type { ReactNode } from "react";

/** An answer is on its way and has nothing to show yet. The status node says so in words. */
export function Waiting(): ReactNode {
  return (
    <p className="ck-waiting" aria-hidden="true">
      <span className="ck-dot" />
    </p>
  );
}
