import { type Part, contentOf } from "@chatkeep/protocol";

import { wordText } from "./words.ts";

/** The indexed text of a message: its content, without reasoning and tool calls. */
export function wordTextOf(parts: readonly Part[]): string {
  return wordText(contentOf(parts));
}
