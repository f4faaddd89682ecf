import { type Context, createContext, useContext } from "react";

import { ENGLISH } from "../strings/en.ts";
import type { Strings } from "../strings/strings.ts";

/** Gives the components below it their texts; English without it. */
export const StringsContext: Context<Strings> = createContext(ENGLISH);

/** The texts of the page's language. */
export function useStrings(): Strings {
  return useContext(StringsContext);
}
