import type { ReactNode } from "react";

import { Stroke } from "./Icon.tsx";

/** What lists, searches and settings need; apart from the others, since a panel that shows a conversation needs none. */
const STROKES = {
  attach:
    "M20 11.5l-7.8 7.8a5 5 0 0 1-7-7l8.2-8.3a3.4 3.4 0 0 1 4.8 4.8l-8.2 8.2a1.7 1.7 0 0 1-2.4-2.4l7.4-7.4",
  thumb:
    "M7 10.5v9H4v-9zM7 18.5l2 1h7.3a2 2 0 0 0 2-1.7l.9-5.5a2 2 0 0 0-2-2.3H13.5l.7-4a1.9 1.9 0 0 0-3.5-1.3L7 10.5",
  link: "M9.5 14.5l5-5M8 11l-2.5 2.5a3.5 3.5 0 0 0 5 5L13 16M16 13l2.5-2.5a3.5 3.5 0 0 0-5-5L11 8",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l4.5 4.5",
  pin: "M9 4h6l-.5 6 3 3.5h-11l3-3.5zM12 13.5V20",
  archive: "M4 5h16v4H4zM5.5 9v9a1.5 1.5 0 0 0 1.5 1.5h10a1.5 1.5 0 0 0 1.5-1.5V9M10 13h4",
  download: "M12 4v11M7 10.5l5 5 5-5M5 20h14",
  upload: "M12 15V4M7 8.5l5-5 5 5M5 20h14",
  undo: "M8 5L4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11h-3",
  document: "M5 4.5A1.5 1.5 0 0 1 6.5 3H19v14H6.5A1.5 1.5 0 0 0 5 18.5zM5 18.5A1.5 1.5 0 0 0 6.5 20.5H19V17",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  moon: "M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5z",
  screen: "M4 5h16a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1zM9 20h6M12 16v4",
} as const;

export interface MoreIconProps {
  readonly name: keyof typeof STROKES;
}

/** As an `Icon`. */
export function MoreIcon({ name }: MoreIconProps): ReactNode {
  return <Stroke path={STROKES[name]} />;
}
