import { useContext, useMemo } from "react";

import { ENGLISH_MORE } from "../strings/en-more.ts";
import type { Strings } from "../strings/en.ts";
import { MoreStringsContext, useStrings } from "./useStrings.ts";

/** All texts in the page's language; for what is shown after a press. */
export function useAllStrings(): Strings {
  const thread = useStrings();
  const more = useContext(MoreStringsContext) ?? ENGLISH_MORE;
  return useMemo(() => ({ ...thread, ...more }), [thread, more]);
}
