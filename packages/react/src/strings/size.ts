import type { ThreadStrings } from "./en-thread.ts";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** A number of bytes as it is written in the language of the texts. */
export function sizeIn({ language }: ThreadStrings, bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: UNITS[power]!,
    unitDisplay: power === 0 ? "narrow" : "short",
    maximumSignificantDigits: 3,
  }).format(bytes / 1_000 ** power);
}
