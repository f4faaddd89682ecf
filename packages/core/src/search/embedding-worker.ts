import type { Database } from "../database/database.ts";
import { type Due, type Store, claimMessages, claimPassages } from "./due.ts";
import { type Embedding, EmbeddingRefused } from "./embedding.ts";
import { vectorsOf } from "./vector.ts";

/** Embeds what is findable, in the background; see {@link createEmbeddingWorker}. */
export interface EmbeddingWorker {
  /** Something was written: it is looked for in a moment. */
  touch(): void;
  /** Embeds until nothing is due; resolves then, with the number of texts, or when the signal is aborted. Never rejects. */
  run(signal?: AbortSignal): Promise<number>;
  /** Aborts what is under way, and waits for it. */
  close(): Promise<void>;
}

export interface EmbeddingWorkerOptions {
  readonly database: Database;
  readonly embedding: Embedding;
  /** Told what went wrong, for the operator's log; never a text. */
  readonly onError: (error: unknown) => void;
  /** Milliseconds for which what this node claims is its own (default 60,000). */
  readonly lease?: number;
}

/** Texts of one call. */
const BATCH = 64;
/** Milliseconds after a write, in which others gather. */
const GATHER = 500;
/** Milliseconds to wait after the first failure, doubled with each, and at the most. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 300_000;
/** Milliseconds after which it is looked whether what is in the trash was taken back. */
const TRASH_PAUSE = 3_600_000;
/** What every model takes. */
const PLAIN = "hello";
/** Failures in a row after which texts are tried one by one. */
const TOGETHER = 3;

/**
 * A worker on the queue in the database. Any number of nodes run one: each claims what nobody else has, for a lease,
 * so what a killed node had is done by another one after it. A model that fails is asked again later and later; what
 * it refuses is left to words. No connection is held while it thinks.
 */
export function createEmbeddingWorker(options: EmbeddingWorkerOptions): EmbeddingWorker {
  const { database, embedding, onError, lease = 60_000 } = options;
  const ending = new AbortController();
  let running: Promise<number> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Number.POSITIVE_INFINITY;
  let failures = 0;
  /** Until then the model is let alone, whatever is written. */
  let pausedUntil = 0;
  /** Somebody asked while a run was under way, which may have looked before. */
  let again = false;
  /** Asked once: the node that starts last says which model it is, and the others embed no more. */
  let number: number | undefined;

  const schedule = (wait: number): void => {
    const at = Math.max(performance.now() + wait, pausedUntil);
    if (ending.signal.aborted || at >= timerAt) return;
    clearTimeout(timer);
    timerAt = at;
    timer = setTimeout(
      () => {
        timerAt = Number.POSITIVE_INFINITY;
        void run();
      },
      Math.max(0, at - performance.now()),
    );
    timer.unref();
  };

  /** Embeds one batch; gives the number of texts and the milliseconds until more is due, `undefined`: nothing is. */
  const step = async (
    number: number,
    signal: AbortSignal,
  ): Promise<{ done: number; wait: number | undefined }> => {
    const claim = { database, number, lease, most: BATCH };
    const [messages, passages] = [await claimMessages(claim), await claimPassages(claim)];
    const due = [...messages.due, ...passages.due];
    const { blank = [], gone = [], texts = [] } = Object.groupBy(due, kindOf);
    await postpone(blank, null);
    await postpone(gone, TRASH_PAUSE);
    if (texts.length > 0) await embedAll(texts, number, signal);
    const waits = [messages.wait, passages.wait].filter((wait) => wait !== undefined);
    return { done: texts.length, wait: waits.length === 0 ? undefined : Math.min(...waits) };
  };

  const embedAll = async (due: readonly Due[], number: number, signal: AbortSignal): Promise<void> => {
    const left = new Set(due);
    try {
      await embedTogether(due, number, signal).catch((error: unknown) => {
        if (signal.aborted || !(error instanceof EmbeddingRefused || failures >= TOGETHER)) throw error;
        return embedEach(left, number, signal);
      });
      failures = 0;
    } catch (error) {
      // An abort is no failure of the model: whoever comes next goes on at once.
      const pause = signal.aborted ? 0 : Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures);
      await postpone([...left], pause);
      if (signal.aborted) return;
      onError(error);
      failures += 1;
      pausedUntil = performance.now() + pause;
      throw new Paused(pause);
    }
  };

  const embedTogether = async (due: readonly Due[], number: number, signal: AbortSignal): Promise<void> => {
    const vectors = await vectorsOf(
      embedding,
      due.map(({ text = "" }) => text),
      signal,
    );
    const made = new Map(due.map((one, index) => [one, vectors[index] ?? ""]));
    for (const [store, own] of byStore(due)) {
      await store.put(
        number,
        own.map(({ key }) => key),
        own.map((one) => made.get(one) ?? ""),
      );
    }
  };

  /** Embeds one by one what is left, and takes it out: one text that the model cannot do keeps no other from its vector. */
  const embedEach = async (left: Set<Due>, number: number, signal: AbortSignal): Promise<void> => {
    for (const one of left) {
      try {
        await embedTogether([one], number, signal);
      } catch (error) {
        // It is the model's fault, not the text's, if it does not take what every model takes.
        await vectorsOf(embedding, [PLAIN], signal);
        await postpone([one], error instanceof EmbeddingRefused ? null : LONGEST_PAUSE);
        onError(error);
      }
      left.delete(one);
    }
  };

  const work = async (signal: AbortSignal): Promise<number> => {
    let total = 0;
    try {
      number ??=
        (await database.call("begin_embedding", { model: embedding.model }))[0]?.begin_embedding ?? undefined;
      const isEnded = (): boolean => number === undefined || signal.aborted;
      while (!isEnded()) {
        const { done, wait } = await step(number ?? 0, signal);
        total += done;
        if (wait === undefined) break;
        if (wait === 0) continue;
        schedule(wait);
        break;
      }
    } catch (error) {
      if (!(error instanceof Paused)) onError(error);
      schedule(error instanceof Paused ? error.pause : LONGEST_PAUSE);
    }
    return total;
  };

  const run = (signal?: AbortSignal): Promise<number> => {
    const either = signal === undefined ? ending.signal : AbortSignal.any([ending.signal, signal]);
    again = running !== undefined;
    running ??= work(either).finally(() => {
      running = undefined;
      if (again) schedule(0);
    });
    return running;
  };

  return {
    touch: () => schedule(GATHER),
    run,
    async close() {
      ending.abort();
      clearTimeout(timer);
      await running;
    },
  };
}

/** The model failed; it is asked again after `pause` milliseconds. */
class Paused extends Error {
  readonly pause: number;
  constructor(pause: number) {
    super("the embedding model failed");
    this.pause = pause;
  }
}

function kindOf({ text }: Due): "blank" | "gone" | "texts" {
  return text === undefined ? "gone" : text === "" ? "blank" : "texts";
}

function byStore(due: readonly Due[]): Map<Store, Due[]> {
  return Map.groupBy(due, ({ store }) => store);
}

async function postpone(due: readonly Due[], pause: number | null): Promise<void> {
  for (const [store, own] of byStore(due)) {
    await store.postpone(
      own.map(({ key }) => key),
      pause,
    );
  }
}
