import type { Database } from "../database/database.ts";
import { type Due, type Store, claimMessages, claimPassages } from "./due.ts";
import { type Embedding, EmbeddingRefused } from "./embedding.ts";
import { vectorsOf } from "./vector.ts";

/** See {@link createEmbeddingWorker}. */
export interface EmbeddingWorker {
  /** Schedules a run soon after a write. */
  touch(): void;
  /** Embeds until nothing is due or the signal is aborted. Resolves with the number of texts. Never rejects. */
  run(signal?: AbortSignal): Promise<number>;
  /** Aborts the current run and waits for its end. */
  close(): Promise<void>;
}

export interface EmbeddingWorkerOptions {
  readonly database: Database;
  readonly embedding: Embedding;
  /** Called with errors, for the operator's log. They quote no text. */
  readonly onError: (error: unknown) => void;
  /** The lease of a claim in milliseconds. Default 60,000. */
  readonly lease?: number;
}

/** Texts of one call. */
const BATCH = 64;
/** Milliseconds to wait after a write, so that further writes join the batch. */
const GATHER = 500;
/** Backoff in milliseconds: first, doubled with each failure, and maximum. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 300_000;
/** Milliseconds until a message in the trash is checked again: it may have been restored. */
const TRASH_PAUSE = 3_600_000;
/** A text that every model accepts. */
const PLAIN = "hello";
/** Consecutive failures after which texts are tried one by one. */
const TOGETHER = 3;

/**
 * A worker on the queue in the database. Any number of nodes may run one. A claim has a lease, so another node takes over
 * the items of a killed one. A failing model is retried with backoff; texts that it refuses stay without vectors. No
 * connection is held during a model call.
 */
export function createEmbeddingWorker(options: EmbeddingWorkerOptions): EmbeddingWorker {
  const { database, embedding, onError, lease = 60_000 } = options;
  const ending = new AbortController();
  let running: Promise<number> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Number.POSITIVE_INFINITY;
  let failures = 0;
  /** No call before this time, whatever is written. */
  let pausedUntil = 0;
  /** A wake-up during a run, which may have claimed before the write. */
  let again = false;
  /** Resolved once: the node that starts last sets the model, and nodes with another stop embedding. */
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

  /** Embeds a batch. Returns the number of texts and the milliseconds until more is due; `undefined` if nothing is. */
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
      // An abort is no failure of the model: the items are due at once.
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

  /** Embeds the rest one by one, so that one text that the model cannot embed does not block the others. */
  const embedEach = async (left: Set<Due>, number: number, signal: AbortSignal): Promise<void> => {
    for (const one of left) {
      try {
        await embedTogether([one], number, signal);
      } catch (error) {
        // A model that refuses this text is at fault itself.
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

/** A failure of the model. It is retried after `pause` milliseconds. */
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
