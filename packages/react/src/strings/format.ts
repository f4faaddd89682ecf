import type { ThreadStrings } from "./en-thread.ts";

/** A number as it is written in the language of the texts. */
export function numberIn({ language }: ThreadStrings, value: number): string {
  return new Intl.NumberFormat(language).format(value);
}

/** An amount of US dollars; small ones with as many digits as say something. */
export function dollarsIn({ language }: ThreadStrings, value: number): string {
  const digits = value < 1 ? { maximumSignificantDigits: 2 } : {};
  return new Intl.NumberFormat(language, { style: "currency", currency: "USD", ...digits }).format(value);
}

/** A moment (ISO 8601) in the viewer's time zone: date and time. */
export function momentIn({ language }: ThreadStrings, iso: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}

/** A month of the viewer's time zone with its year. */
export function monthIn({ language }: ThreadStrings, date: Date): string {
  return new Intl.DateTimeFormat(language, { month: "long", year: "numeric" }).format(date);
}

/** A year of the viewer's time zone. */
export function yearIn({ language }: ThreadStrings, date: Date): string {
  return new Intl.DateTimeFormat(language, { year: "numeric" }).format(date);
}

/** The day of a moment (ISO 8601) in the viewer's time zone. */
export function dateIn({ language }: ThreadStrings, iso: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(new Date(iso));
}
