import { type Context, createContext, useContext } from "react";

import { ENGLISH_THREAD } from "../strings/en-thread.ts";
import type { MoreStrings, ThreadStrings } from "../strings/strings.ts";

/** Gives the components below it the texts of a conversation; English without it. */
export const StringsContext: Context<ThreadStrings> = createContext(ENGLISH_THREAD);

/** Gives the components below it all other texts; English without it. */
export const MoreStringsContext: Context<MoreStrings | null> = createContext<MoreStrings | null>(null);

/** The texts of a conversation in the page's language. */
export function useStrings(): ThreadStrings {
  return useContext(StringsContext);
}
