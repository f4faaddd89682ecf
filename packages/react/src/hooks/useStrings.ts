import { type Context, createContext, useContext } from "react";

import type { MoreStrings } from "../strings/en-more.ts";
import { ENGLISH_THREAD, type ThreadStrings } from "../strings/en-thread.ts";

/** Provides the texts of a conversation; English without it. */
export const StringsContext: Context<ThreadStrings> = createContext(ENGLISH_THREAD);

/** Provides all other texts; English without it. */
export const MoreStringsContext: Context<MoreStrings | null> = createContext<MoreStrings | null>(null);

/** The texts of a conversation in the page's language. */
export function useStrings(): ThreadStrings {
  return useContext(StringsContext);
}
