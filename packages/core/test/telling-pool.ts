import { Pool } from "pg";

/** A node of a plan as auto_explain writes it. */
interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Actual Rows"?: number;
  "Actual Loops"?: number;
  "Rows Removed by Filter"?: number;
  "Rows Removed by Join Filter"?: number;
  Plans?: PlanNode[];
}

/** A statement within a function, as it ran. */
export interface Ran {
  readonly text: string;
  /** `Index Scan conversations_pkey`, `Seq Scan event_partition`, … of every node that reads a table. */
  readonly scans: readonly string[];
  /** The most rows that any node of the plan read from a table. */
  readonly rows: number;
  /** The most pairs of rows that a join compared in vain. */
  readonly mismatches: number;
}

/** A pool whose connections tell the plan of every statement that runs on them, those within functions too. */
export interface TellingPool {
  readonly pool: Pool;
  /**
   * The statements that `work` runs; where PostgreSQL chooses the kind of plan, once it has settled for the plans
   * that it keeps, after five times.
   */
  plansOf(work: (time: number) => Promise<unknown>): Promise<readonly Ran[]>;
  /** The names of the functions that `plansOf` saw. */
  readonly seen: ReadonlySet<string>;
}

/** How PostgreSQL plans a statement of a function: `auto` settles for either after five times. */
export type PlanMode = "auto" | "force_custom_plan" | "force_generic_plan";

/** Opens one; whoever does ends it. */
export function openTellingPool(url: string, mode: PlanMode = "auto"): TellingPool {
  let ran: Ran[] = [];
  const seen = new Set<string>();
  const pool = new Pool({
    connectionString: url,
    // One for the statements, one for the listener.
    max: 2,
    options: [
      "-c session_preload_libraries=auto_explain",
      "-c auto_explain.log_min_duration=0",
      "-c auto_explain.log_nested_statements=on",
      "-c auto_explain.log_analyze=on",
      "-c auto_explain.log_timing=off",
      "-c auto_explain.log_format=json",
      "-c client_min_messages=log",
      `-c plan_cache_mode=${mode}`,
    ].join(" "),
  });
  pool.on("connect", (client) => {
    client.on("notice", ({ message }) => {
      const json = /plan:\s*(\{[\s\S]*\})\s*$/.exec(message ?? "")?.[1];
      if (json === undefined) return;
      const { "Query Text": text, Plan: plan } = JSON.parse(json) as { "Query Text": string; Plan: PlanNode };
      const all = nodesOf(plan);
      const nodes = all.filter(
        (node) => (node["Index Name"] ?? node["Relation Name"]) !== undefined && node["Actual Loops"] !== 0,
      );
      const scans = nodes
        .filter((node) => node["Node Type"].endsWith("Scan"))
        .map((node) => `${node["Node Type"]} ${node["Index Name"] ?? node["Relation Name"]}`);
      const mismatches = all.map((node) => node["Rows Removed by Join Filter"] ?? 0);
      ran.push({ text, scans, rows: Math.max(0, ...nodes.map(rowsOf)), mismatches: Math.max(...mismatches) });
    });
  });
  return {
    pool,
    seen,
    async plansOf(work) {
      for (let time = 1; time <= (mode === "auto" ? 7 : 1); time++) {
        ran = [];
        await work(time);
      }
      if (ran.length === 0) throw new Error("No statement ran.");
      for (const { text } of ran) for (const [, name = ""] of text.matchAll(/\b(\w+)\(/g)) seen.add(name);
      return ran;
    },
  };
}

function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

function rowsOf(node: PlanNode): number {
  return ((node["Actual Rows"] ?? 0) + (node["Rows Removed by Filter"] ?? 0)) * (node["Actual Loops"] ?? 1);
}

/** The scans of all statements. */
export function scansOf(ran: readonly Ran[]): string {
  return ran.flatMap(({ scans }) => scans).join("\n");
}

/** Tables that hold one row, or a row a node or table: reading them whole is the cheapest. */
const SMALL = /^Seq Scan (event_partition|nodes|secrets|pg_class|pg_inherits)$/;

/** What is wasteful in these: whole tables read, or more rows than `most` at once. */
export function wasteOf(ran: readonly Ran[], most: number): string[] {
  return ran.flatMap(({ text, scans, rows }) => [
    ...scans
      .filter((scan) => scan.startsWith("Seq Scan") && !SMALL.test(scan) && !isOfAllThatRuns(scan, text))
      .map((scan) => `${scan}: ${text}`),
    ...(rows > most ? [`${rows} rows by ${scans.join(", ")}: ${text}`] : []),
  ]);
}

/** Whether a statement asks after all that runs, as the look for dead nodes does once a second, whatever else is looked at. */
function isOfAllThatRuns(scan: string, text: string): boolean {
  return (
    scan === "Seq Scan running_turns" &&
    /not exists \(select from nodes|count\(\*\) from running_turns/.test(text)
  );
}
