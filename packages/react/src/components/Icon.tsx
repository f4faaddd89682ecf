import type { ReactNode } from "react";

/** What a conversation needs. */
const STROKES = {
  plus: "M12 5v14M5 12h14",
  send: "M12 19V5M6 11l6-6 6 6",
  copy: "M9 9h9a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-7a2 2 0 0 1-2-2zM15 9V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v7a2 2 0 0 0 2 2h3",
  check: "M5 12.5l4.5 4.5L19 7.5",
  trash:
    "M4 7h16M10 11v6M14 11v6M6 7l1 12a2 2 0 0 0 2 2h6a2 2 0 0 0 2-2l1-12M9 7V5a1 1 0 0 1 1-1h4a1 1 0 0 1 1 1v2",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6L6 18",
  back: "M15 5l-7 7 7 7",
  chat: "M4 6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5v7a2.5 2.5 0 0 1-2.5 2.5H11l-4.5 4v-4A2.5 2.5 0 0 1 4 13.5zM8.5 8.5h7M8.5 11.5H13",
  alert:
    "M12 8.5v4.5M12 16.5v.01M10.3 4.3L2.6 17.6A2 2 0 0 0 4.3 20.6h15.4a2 2 0 0 0 1.7-3L13.7 4.3a2 2 0 0 0-3.4 0z",
  retry: "M20 11a8 8 0 1 0-.9 4.5M20 4v7h-7",
  next: "M5 12h14M13 6l6 6-6 6",
  down: "M12 5v14M6 13l6 6 6-6",
  wrap: "M4 6h16M4 12h12.5a3.5 3.5 0 0 1 0 7H12M14.5 16.5L12 19l2.5 2.5M4 18h4",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  // Filled by its lines.
  stop: "M7 7h10v10H7zM8 8.5h8M8 10h8M8 11.5h8M8 13h8M8 14.5h8M8 15.5h8",
} as const;

export interface IconProps {
  readonly name: keyof typeof STROKES;
}

/** A small picture beside or in place of a word; it says nothing by itself, so its button needs a label. */
export function Icon({ name }: IconProps): ReactNode {
  return <Stroke path={STROKES[name]} />;
}

/** A picture of lines on a field of 24 by 24. */
export function Stroke({ path }: { readonly path: string }): ReactNode {
  return (
    <svg className="ck-icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={path} />
    </svg>
  );
}
