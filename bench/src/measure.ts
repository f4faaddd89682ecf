/** One figure. */
export interface Measure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the value is held against, measured in the same run. */
  readonly limit?: number;
  /** How the two compare: the median of the rounds' ratios, not the ratio of the medians. */
  readonly ratio?: number;
  /** What we promise of the ratio, or of the value where there is none. */
  readonly target?: { readonly least: number } | { readonly most: number };
  /** Whether `limit` does less than what is measured: a ratio above 1 then says that the measure is wrong. */
  readonly bare?: true;
}

/** The median; of an even number of values, the upper one. */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The value below which `percent` of the values lie. Throws without values: a figure is measured, or the bench fails. */
export function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) throw new Error("Nothing was measured.");
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((percent / 100) * sorted.length))]!;
}

/** A measure for a machine; what we promise of it stays ours. */
export function toJson(measure: Measure): string {
  const { name, value, unit, limit, ratio } = checked(measure);
  const figures = { value, unit, limit, ratio };
  return JSON.stringify({ name, ...figures }, (_, figure: unknown) =>
    typeof figure === "number" ? round(figure) : figure,
  );
}

/** A measure for a person: one line of a table. */
export function toLine(measure: Measure): string {
  const { name, value, unit, limit, ratio } = checked(measure);
  const cells = [
    name.padEnd(66),
    `${show(value)} ${unit}`.padStart(14),
    (limit === undefined ? "" : `of ${show(limit)}`).padStart(12),
    (ratio === undefined ? "" : `= ${show(ratio)}`).padStart(9),
    verdict(measure),
  ];
  return cells.join(" ").trimEnd();
}

/** Refuses a figure that is none. */
function checked(measure: Measure): Measure {
  const { name, value, limit = 0, ratio = 0 } = measure;
  if ([value, limit, ratio].every(Number.isFinite)) return measure;
  throw new Error(`"${name}" was not measured: ${value} of ${limit}, ratio ${ratio}.`);
}

function verdict({ value, ratio, target, bare }: Measure): string {
  if (target === undefined) return "";
  if (bare === true && ratio !== undefined && ratio > 1) return "  FAULT of the measure: above 1";
  const figure = ratio ?? value;
  const [sign, bound, kept] =
    "least" in target
      ? ["≥", target.least, figure >= target.least]
      : ["≤", target.most, figure <= target.most];
  return `  ${sign} ${bound} ${kept ? "kept" : "MISSED"}`;
}

function show(value: number): string {
  return String(round(value));
}

/** Three digits that count: the machine's noise is in the second. */
function round(value: number): number {
  return Number(value.toPrecision(value >= 1000 ? Math.ceil(Math.log10(value + 1)) : 3));
}
