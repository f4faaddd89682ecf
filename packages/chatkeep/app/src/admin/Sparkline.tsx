import type { ReactNode } from "react";

export interface SparklineProps {
  /** The oldest first; `null` leaves a gap. */
  readonly values: readonly (number | null)[];
  /** What the line begins at: 0, or the least of the values, for what only grows. Default 0. */
  readonly from?: "zero" | "least";
}

const WIDTH = 120;
const HEIGHT = 28;

/** How a number went while the page was open. A picture of what stands beside it: not read aloud. */
export function Sparkline({ values, from = "zero" }: SparklineProps): ReactNode {
  const told = values.filter((value) => value !== null);
  if (told.length < 2) return null;
  const least = from === "zero" ? 0 : Math.min(...told);
  const span = Math.max(...told) - least || 1;
  const segments: (readonly [x: number, y: number])[][] = [];
  for (const [index, value] of values.entries()) {
    if (value === null) continue;
    if (index === 0 || values[index - 1] === null) segments.push([]);
    const y = HEIGHT - 1 - ((value - least) / span) * (HEIGHT - 2);
    segments.at(-1)!.push([(index / (values.length - 1)) * WIDTH, y]);
  }
  const lines = segments.map((points) => `M${points.map((point) => point.map(rounded).join(" ")).join("L")}`);
  const areas = segments.map((points, index) => `${lines[index]}V${HEIGHT}H${rounded(points[0]![0])}Z`);
  return (
    <svg
      className="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      <path d={areas.join("")} />
      <path d={lines.join("")} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}

function rounded(length: number): string {
  return length.toFixed(1);
}
