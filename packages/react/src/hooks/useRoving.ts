import type { Conversation } from "@chatkeep/protocol";
import { type FocusEvent, type KeyboardEvent, useState } from "react";

/** A list of rows that is one stop of Tab. */
export interface Roving {
  /** The row that Tab reaches. */
  readonly stop: string | undefined;
  /** For the element around the rows, which are `li` elements. */
  readonly onFocus: (event: FocusEvent) => void;
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
}

/**
 * Arrows, Home and End go from row to row; an arrow to the side goes to the row's button and back. Tab stops at the row
 * that had the focus last, else at `current`, else at the first.
 */
export function useRoving(rows: readonly Conversation[], current: string): Roving {
  const [last, setLast] = useState<string | null>(null);
  const stop = [last, current].find((id) => rows.some((row) => row.id === id)) ?? rows[0]?.id;
  return {
    stop,
    onFocus({ target, currentTarget }) {
      const row = rows[rowsOf(currentTarget).findIndex((each) => each.contains(target))];
      if (row !== undefined) setLast(row.id);
    },
    onKeyDown(event) {
      const target = event.target as Element;
      const { key, currentTarget, altKey, ctrlKey, metaKey } = event;
      // A title that is being written, and an open menu, have the keyboard for themselves.
      if (target.closest("input, [popover]") !== null || altKey || ctrlKey || metaKey) return;
      const all = rowsOf(currentTarget);
      const at = all.findIndex((row) => row.contains(target));
      if (at === -1) return;
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[key];
      const aside = key === "ArrowRight" || key === "ArrowLeft";
      if (to === undefined && !aside) return;
      event.preventDefault();
      if (to !== undefined) focusFirst(all[to]);
      else if (target.matches("a")) all[at]?.querySelector<HTMLElement>("button")?.focus();
      else focusFirst(all[at]);
    },
  };
}

function rowsOf(list: Element): Element[] {
  return [...list.querySelectorAll("li")];
}

function focusFirst(row: Element | undefined): void {
  row?.querySelector<HTMLElement>("a, button")?.focus();
}
