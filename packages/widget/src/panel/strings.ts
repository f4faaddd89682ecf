import { ENGLISH_THREAD, type MoreStrings, type Strings, type ThreadStrings } from "@chatkeep/react";

/** The texts in a language; `more` is `null` where they come with what shows them. */
export interface Texts {
  readonly thread: ThreadStrings;
  readonly more: MoreStrings | null;
}

/** What is said in English, and where there is no table of a language or it could not be loaded. */
export const ENGLISH_TEXTS: Texts = { thread: ENGLISH_THREAD, more: null };

/** The texts in a language; English where there is no table of it. A table is loaded when it is asked for. */
export async function loadStrings(language: string): Promise<Texts> {
  const [primary] = language.toLowerCase().split("-");
  if (primary === "de") return textsOf((await import("./german.ts")).GERMAN);
  if (primary === "ar") return textsOf((await import("./arabic.ts")).ARABIC);
  return ENGLISH_TEXTS;
}

function textsOf(table: Strings): Texts {
  return { thread: table, more: table };
}
