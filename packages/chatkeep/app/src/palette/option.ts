import type { ReactNode } from "react";

/** Something that the palette offers. */
export interface Option {
  /** Unique in the palette. */
  readonly id: string;
  readonly icon: ReactNode;
  /** The line above, such as where a message stands. */
  readonly place?: string | undefined;
  readonly words: ReactNode;
  /** Its keyboard shortcut. */
  readonly keys?: readonly string[] | undefined;
  /** Where it leads, so that it can be opened in a tab of its own; default: nowhere. */
  readonly href?: string | undefined;
  /** `stay`: the palette stays open. Default `close`. */
  readonly after?: "close" | "stay" | undefined;
  readonly run: () => void;
}

/** Options of a kind; none is shown without options. */
export interface OptionGroup {
  readonly name: string;
  readonly options: readonly Option[];
}
