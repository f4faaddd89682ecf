import { ENGLISH, type Strings } from "@chatkeep/react";

/** The texts in a language; English where there is no table of it. A table is loaded when it is asked for. */
export async function loadStrings(language: string): Promise<Strings> {
  const [primary] = language.toLowerCase().split("-");
  if (primary === "de") return (await import("./german.ts")).GERMAN;
  if (primary === "ar") return (await import("./arabic.ts")).ARABIC;
  return ENGLISH;
}
