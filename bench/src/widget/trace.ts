/** What Chromium's tracing calls the main thread's time in scripts. Source: its Trace Event Format and devtools.timeline. */
const SCRIPT = new Set([
  "EvaluateScript",
  "FunctionCall",
  "RunMicrotasks",
  "v8.compile",
  "v8.compileModule",
  "v8.evaluateModule",
]);

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
}

/** The time that the main thread of a traced page spent in scripts before the page's `mark`, in milliseconds. */
export function scriptTime(trace: Buffer, mark: string): number {
  const { traceEvents } = JSON.parse(trace.toString("utf8")) as { traceEvents: TraceEvent[] };
  const end = traceEvents.find((event) => event.name === mark && "ts" in event);
  if (end === undefined) throw new Error(`The trace has no mark "${mark}".`);
  const spans = traceEvents
    .filter(
      ({ name, ph, pid, tid, ts }) =>
        SCRIPT.has(name) && ph === "X" && pid === end.pid && tid === end.tid && ts < end.ts,
    )
    .sort((a, b) => a.ts - b.ts);
  // They are nested: a function is called while a script is evaluated.
  let [sum, reached] = [0, 0];
  for (const { ts, dur = 0 } of spans) {
    const until = Math.min(ts + dur, end.ts);
    sum += Math.max(0, until - Math.max(ts, reached));
    reached = Math.max(reached, until);
  }
  return sum / 1000;
}
