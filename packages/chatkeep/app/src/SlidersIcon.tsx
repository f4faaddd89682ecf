import { Stroke } from "@chatkeep/react";
import type { ReactNode } from "react";

/** Settings. */
export function SlidersIcon(): ReactNode {
  return (
    <Stroke path="M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM9 14.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z" />
  );
}
