const NUMBER = new Intl.NumberFormat("en");
const TIME = new Intl.DateTimeFormat("en", { timeStyle: "medium", hourCycle: "h23" });
const MOMENT = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** A number for people. */
export function numberOf(value: number): string {
  return NUMBER.format(value);
}

/** An amount of bytes for people, in the unit that fits. */
export function bytesOf(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return new Intl.NumberFormat("en", {
    style: "unit",
    unit: UNITS[power] ?? "byte",
    maximumSignificantDigits: 3,
  }).format(bytes / 1000 ** power);
}

/** The time of a day, in the viewer's zone. */
export function timeOf(date: Date): string {
  return TIME.format(date);
}

/** A moment (ISO 8601), in the viewer's zone. */
export function momentOf(iso: string): string {
  return MOMENT.format(new Date(iso));
}
