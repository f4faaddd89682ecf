import { median } from "./measure.ts";

/** How a race is run. */
export interface RaceOptions {
  /** Calls under way at once. */
  readonly inFlight: number;
  readonly rounds: number;
  /** Milliseconds of each contestant's turn in a round. */
  readonly milliseconds: number;
}

/** What came of a race between two. */
export interface RaceResult {
  /** Calls a second, the median of the rounds. */
  readonly first: number;
  readonly second: number;
  /** `first` as a share of `second`: the median of the rounds' ratios. */
  readonly ratio: number;
}

/** Rounds before the first that counts. */
const WARM = 4;

/** One call; `worker` is from 0 to one less than there are in flight. */
export type Contestant = (worker: number) => Promise<unknown>;

/**
 * Measures the throughput of two in turns: A B, B A, A B, …, each with as many calls in flight. What else the machine
 * does meanwhile hits both alike, so their ratio is steadier than either figure.
 */
export async function race(first: Contestant, second: Contestant, options: RaceOptions): Promise<RaceResult> {
  const measure = (contestant: Contestant): Promise<number> =>
    throughput(contestant, options.inFlight, options.milliseconds);
  // Connections, prepared statements and the just-in-time compiler.
  for (let round = 0; round < WARM; round += 1) {
    await measure(first);
    await measure(second);
  }
  const rounds: [number, number][] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    if (round % 2 === 0) {
      const one = await measure(first);
      rounds.push([one, await measure(second)]);
    } else {
      const two = await measure(second);
      rounds.push([await measure(first), two]);
    }
  }
  return {
    first: median(rounds.map(([one]) => one)),
    second: median(rounds.map(([, two]) => two)),
    ratio: median(rounds.map(([one, two]) => one / two)),
  };
}

async function throughput(contestant: Contestant, inFlight: number, milliseconds: number): Promise<number> {
  const begin = performance.now();
  let calls = 0;
  const worker = async (_: unknown, index: number): Promise<void> => {
    while (performance.now() - begin < milliseconds) {
      await contestant(index);
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return (calls * 1000) / (performance.now() - begin);
}
