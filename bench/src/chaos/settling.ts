import { durationOf } from "./recipe.ts";
import type { Record } from "./record.ts";
import type { Stored, StoredTurn } from "./stored.ts";
import type { Life, Span, Timeline } from "./timeline.ts";

/** Milliseconds on top: what a machine with two cores and eight processes needs to come to it. */
const TOLERANCE = 2000;
/** Milliseconds for which a node and the database have to be there together, for the node to notice and act. */
const CHANCE = 5000;

/** A turn that was settled later than one lease after what ended it. */
interface Late {
  readonly turn: StoredTurn;
  readonly seconds: number;
  readonly allowed: number;
}

/** How long turns took to be settled. */
export interface Settling {
  /** Seconds. */
  readonly lease: number;
  readonly late: readonly Late[];
  /**
   * Seconds by which an answer took longer than the model, for every complete turn that lost its node once while the
   * database was there.
   */
  readonly silence: readonly number[];
  /** The same for every one that its node handed over once. */
  readonly handovers: readonly number[];
}

export interface SettlingOptions {
  readonly stored: Stored;
  readonly records: readonly Record[];
  readonly timeline: Timeline;
  /** Milliseconds. */
  readonly lease: number;
}

/**
 * Measures how late every turn was settled: from the death of its node (a pause counts as one that is
 * longer than the lease), from the return of the database, or from the end of its answer, whichever is
 * last. The time in which no node could have done it does not count: `CHANCE` says what one needs.
 */
export function measureSettling({ stored, records, timeline, lease }: SettlingOptions): Settling {
  const seen = new Map(records.flatMap((record) => [...record.turns]));
  const sent = new Map(records.flatMap((record) => [...record.messages]));
  const late: Late[] = [];
  const silence: number[] = [];
  const handovers: number[] = [];
  for (const turn of stored.turns) {
    const message = sent.get(turn.messageId);
    if (turn.settledAt === null || message?.recipe === undefined || message.imported?.turnId === turn.id)
      continue;
    const lives = livesOf(turn, seen.get(turn.id)?.candidates ?? message.triedAt, timeline);
    const end = turn.createdAt + durationOf(message.recipe);
    // Where it is not known which node it was, the one is taken that gives it more time.
    const from = Math.max(
      ...lives.map((life) => startOfLease({ turn, end, life, lease, timeline })),
      lives.length === 0 ? end : 0,
    );
    const isOut = timeline.outages.some((outage) => overlaps(outage, turn.createdAt, turn.settledAt!));
    const [before, ...more] = turn.earlier;
    if (turn.status === "complete" && before !== undefined && more.length === 0 && !isOut)
      (before.ended === "died" ? silence : handovers).push((turn.settledAt - end) / 1000);
    // Any node may have run a later attempt, and it began anew at the earliest when that node was gone.
    const again = before === undefined ? 0 : durationOf(message.recipe);
    const left = Math.max(0, ...turn.earlier.map(({ at }) => at));
    const last = before === undefined ? from : Math.max(from, left, lastDisturbance(turn, timeline));
    const allowed = firstChance(last + lease + again + TOLERANCE, timeline);
    if (turn.settledAt > allowed) {
      late.push({ turn, seconds: (turn.settledAt - from) / 1000, allowed: (allowed - from) / 1000 });
    }
  }
  return { lease: lease / 1000, late, silence, handovers };
}

/** The lives that may have run a turn: of the nodes at which it was asked, those that lived when it began. */
function livesOf(turn: StoredTurn, nodes: ReadonlySet<number>, { lives }: Timeline): Life[] {
  return lives.filter(
    ({ node, from, to }) => nodes.has(node) && from <= turn.createdAt && to >= turn.createdAt,
  );
}

interface StartOptions {
  readonly turn: StoredTurn;
  /** When its answer would have ended. */
  readonly end: number;
  readonly life: Life;
  readonly lease: number;
  readonly timeline: Timeline;
}

/** The moment from which a turn's lease is counted. */
function startOfLease({ turn, end, life, lease, timeline }: StartOptions): number {
  const settled = turn.settledAt!;
  const during = (spans: readonly Span[]): Span[] =>
    spans.filter((span) => overlaps(span, turn.createdAt, settled));
  const lastEnd = (spans: readonly Span[]): number =>
    Math.max(0, ...spans.map(({ to }) => Math.min(to, settled)));
  // A node renews its lease when 0.56 of it are left at the most: a longer sleep may be taken for its death.
  const asleep = during(life.pauses).find(({ from, to }) => to - from >= lease / 2);
  const death = Math.min(asleep?.from ?? Infinity, life.to);
  const naps = during(life.pauses).filter((pause) => pause !== asleep);
  return Math.max(Math.min(end, death), lastEnd(naps), lastEnd(during(timeline.outages)));
}

/** The last moment before a turn's end at which a node died or woke, or the database returned. */
function lastDisturbance({ createdAt, settledAt }: StoredTurn, { lives, outages }: Timeline): number {
  const ends = [...lives, ...lives.flatMap(({ pauses }) => pauses), ...outages].map(({ to }) => to);
  return Math.max(createdAt, ...ends.filter((end) => end >= createdAt && end <= settledAt!));
}

/** The first moment from `at` on before which some node and the database were there for long enough. */
function firstChance(at: number, { lives, outages }: Timeline): number {
  for (let moment = at; ; moment += 100) {
    if (moment > Date.now()) return moment;
    const begin = moment - CHANCE;
    const served = (life: Life): boolean =>
      life.ready <= begin &&
      life.to >= moment &&
      !life.pauses.some((pause) => overlaps(pause, begin, moment));
    const databaseThere = !outages.some((outage) => overlaps(outage, begin, moment));
    if (databaseThere && lives.some(served)) return moment;
  }
}

function overlaps({ from, to }: Span, begin: number, end: number): boolean {
  return from <= end && to >= begin;
}
