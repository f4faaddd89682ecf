import type { ReactNode } from "react";

/** Something is on its way of which nothing can be shown yet. The status node says it in words. */
export function Waiting(): ReactNode {
  return (
    <p className="ck-waiting" aria-hidden="true">
      <span className="ck-dot" />
    </p>
  );
}
