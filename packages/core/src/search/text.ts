import { type Part, contentOf } from "@chatkeep/protocol";

import { wordText } from "./words.ts";

/** The words by which a message is found: those of its content; reasoning and what stands in calls is not searched. */
export function wordTextOf(parts: readonly Part[]): string {
  return wordText(contentOf(parts));
}
