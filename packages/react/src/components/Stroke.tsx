import type { ReactNode } from "react";

export interface StrokeProps {
  /** Lines on a field of 24 by 24. */
  readonly path: string;
}

/** A picture of lines. */
export function Stroke({ path }: StrokeProps): ReactNode {
  return (
    <svg className="ck-icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={path} />
    </svg>
  );
}
