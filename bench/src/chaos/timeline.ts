/** From when until when something lasted, in milliseconds of the clock that the database has too. */
export interface Span {
  readonly from: number;
  /** `Infinity` while it lasts. */
  to: number;
}

/** One life of a node's process. */
export interface Life extends Span {
  readonly node: number;
  /** When it could be reached; `Infinity` for one that died before. */
  ready: number;
  readonly pauses: Span[];
}

/** What happened to whom and when, as the one who did it knows. */
export interface Timeline {
  readonly lives: readonly Life[];
  /** When the database was down or frozen. */
  readonly outages: readonly Span[];
  readonly lines: readonly string[];
  begin(node: number): Life;
  beginOutage(): Span;
  note(text: string): void;
}

/** Keeps what happened. */
export function createTimeline(): Timeline {
  const started = Date.now();
  const lives: Life[] = [];
  const outages: Span[] = [];
  const lines: string[] = [];
  return {
    lives,
    outages,
    lines,
    begin(node) {
      const life: Life = { node, from: Date.now(), to: Infinity, ready: Infinity, pauses: [] };
      lives.push(life);
      return life;
    },
    beginOutage() {
      const outage: Span = { from: Date.now(), to: Infinity };
      outages.push(outage);
      return outage;
    },
    note: (text) => void lines.push(`${((Date.now() - started) / 1000).toFixed(1).padStart(7)} s  ${text}`),
  };
}
