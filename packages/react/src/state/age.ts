/** How long ago something was, as a person groups it: by days of their own time zone, then by months of the same year, then by years. */
export type Age =
  | { readonly kind: "today" | "yesterday" | "lastWeek" | "lastMonth" }
  | { readonly kind: "month" | "year"; readonly date: Date };

const DAY = 24 * 60 * 60 * 1_000;

/** The age of `date` at `now`, both in the viewer's time zone; a date in the future counts as today. */
export function ageOf(date: Date, now: Date): Age {
  // Rounded, because a day with a change of the clocks has 23 or 25 hours.
  const days = Math.round((startOfDay(now).getTime() - startOfDay(date).getTime()) / DAY);
  if (days <= 0) return { kind: "today" };
  if (days === 1) return { kind: "yesterday" };
  if (days <= 7) return { kind: "lastWeek" };
  if (days <= 30) return { kind: "lastMonth" };
  return { kind: date.getFullYear() === now.getFullYear() ? "month" : "year", date };
}

function startOfDay(date: Date): Date {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate());
}
