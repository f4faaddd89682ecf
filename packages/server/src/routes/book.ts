import type { Route } from "../route.ts";

/** The chapters of a book. */
export interface Chapters {
  chapters(): Promise<readonly { readonly path: string; readonly title: string }[]>;
}

/** The text of the book. */
export function bookRoutes(_book: Chapters): Route[] {
  return [];
}
