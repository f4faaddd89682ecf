import type { ReactNode } from "react";

/** The mark of Chatkeep. */
export function Mark(): ReactNode {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect className="mark-ground" width="32" height="32" rx="9" />
      <path
        className="mark-paper"
        d="M9 9.5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-7.5L11 25v-3.5H9a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2z"
      />
      <path className="mark-lines" d="M11.5 14h9M11.5 17.5H17" />
    </svg>
  );
}
