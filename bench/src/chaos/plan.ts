import type { Dice } from "./dice.ts";

/** One disturbance; times are milliseconds. */
export type Disturbance = { readonly wait: number } & (
  | {
      readonly kind: "kill" | "terminate" | "pause";
      readonly node: number;
      /** How long it is dead or paused. */
      readonly duration: number;
    }
  /** A pause beyond the lease, which nothing else may cut short: only that tells a fence from none. */
  | { readonly kind: "sleep"; readonly node: number; readonly duration: number }
  | {
      readonly kind:
        | "kill all nodes"
        | "deploy"
        | "fail over"
        | "crash database"
        | "stop database"
        | "freeze database"
        | "kill backend"
        | "cut connections"
        | "rotate events";
      readonly duration: number;
    }
);

/** How often each disturbance comes. */
const WEIGHTS = {
  kill: 50,
  "kill all nodes": 6,
  pause: 12,
  terminate: 8,
  "crash database": 8,
  "stop database": 4,
  deploy: 4,
  "fail over": 5,
  "kill backend": 5,
  "cut connections": 4,
  "freeze database": 5,
  "rotate events": 12,
};

const KILLING: ReadonlySet<Disturbance["kind"]> = new Set([
  "kill",
  "crash database",
  "kill backend",
  "fail over",
]);

/** How many processes a disturbance kills, of which `nodes` are nodes. */
export function killsOf({ kind }: Disturbance, nodes: number): number {
  if (kind === "kill all nodes") return nodes;
  return KILLING.has(kind) ? 1 : 0;
}

export interface PlanOptions {
  readonly kills: number;
  readonly nodes: number;
  /** Milliseconds: what is dead or asleep is so for less, and at times for more. */
  readonly lease: number;
}

/** The disturbances of a run, until `kills` processes are killed. */
export function makePlan(dice: Dice, options: PlanOptions): Disturbance[] {
  const plan: Disturbance[] = [];
  for (let killed = 0; killed < options.kills;) {
    const disturbance = makeDisturbance(dice.fork(plan.length), plan.length, options);
    plan.push(disturbance);
    killed += killsOf(disturbance, options.nodes);
  }
  return plan;
}

/** One disturbance of so many is a sleep, in every run. */
const SLEEP = 10;

function makeDisturbance(dice: Dice, place: number, { nodes, lease }: PlanOptions): Disturbance {
  const kind = place % SLEEP === SLEEP / 2 ? "sleep" : dice.weigh(WEIGHTS);
  const wait = dice.between(300, 3000);
  const node = dice.between(0, nodes - 1);
  const long = Math.round(lease * 1.3);
  const isLong = dice.between(1, 12) === 1;
  switch (kind) {
    case "kill":
    case "terminate":
      return { kind, wait, node, duration: isLong ? long : dice.between(0, 1500) };
    case "pause":
      return { kind, wait, node, duration: dice.between(200, 4000) };
    case "sleep":
      return { kind, wait, node, duration: long };
    case "kill all nodes":
      return { kind, wait, duration: dice.between(0, 1000) };
    case "crash database":
    case "stop database":
      return { kind, wait, duration: isLong ? long : dice.between(0, 4000) };
    case "freeze database":
      return { kind, wait, duration: dice.between(500, 6000) };
    case "kill backend":
    case "cut connections":
    case "deploy":
    case "fail over":
    case "rotate events":
      return { kind, wait, duration: 0 };
  }
}
