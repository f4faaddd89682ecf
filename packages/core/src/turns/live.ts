import {
  type Answer,
  type Chunk,
  type Owner,
  type ResponderEvent,
  type TurnEvent,
  type TurnStatus,
  type Failure,
  createEncoder,
  createFold,
  settledChunks,
} from "@chatkeep/protocol";

/** How a turn can be settled. */
export type SettledStatus = Exclude<TurnStatus, "running">;

/** A turn that runs on this node: what its responder gave, and what of it may be shown. */
export interface LiveTurn {
  readonly id: string;
  readonly owner: Owner;
  readonly ownerId: string;
  readonly conversationId: string;
  /** Aborts the responder. */
  readonly stopping: AbortController;
  /** Takes what the responder gave; it waits for the next flush. */
  push(event: ResponderEvent): void;
  /** Resolves when so little waits that the responder may go on. */
  room(): Promise<void>;
  /** The events that wait to be committed; they are the caller's now. */
  take(): TurnEvent[];
  hasPending(): boolean;
  /** Shows events that are committed. */
  commit(events: readonly TurnEvent[]): void;
  /** The answer as far as it is committed. */
  answer(): Answer;
  /** Ends the answer: its last events, to be committed with the settling, and the whole of it. */
  end(status: SettledStatus, error: Failure | null): { events: TurnEvent[]; answer: Answer };
  /** Says that the last events were committed: readers end when they have read them. */
  settled(): void;
  /** Says that this node runs the turn no more: readers go on from the log. */
  lost(): void;
  /** Told when events cannot be committed for a while; `undefined` when they can again. */
  stalled(error: Error | undefined): void;
  /** Whether what it shows is, or is going to be, stored. */
  readonly persisted: boolean;
  /** From now on shows what is not committed, and says so in the stream; for an outage. */
  release(): void;
  /** Resolves when {@link release} was called, or at once for a turn that is not persisted. */
  readonly released: Promise<void>;
  /** Committed events after `after`, while this node still holds them; see {@link Held}. */
  held(after: number): Held;
  /** Calls `listener` whenever {@link held} has more to say, until the returned function is called. */
  subscribe(listener: () => void): () => void;
}

/** What a live turn has for a reader who has seen the events up to some number. */
export type Held =
  | { readonly state: "events"; readonly events: readonly TurnEvent[] }
  /** Nothing new yet. */
  | { readonly state: "waiting" }
  /** Older events than are held: they are in the log. */
  | { readonly state: "in the log" }
  | { readonly state: "settled" }
  /** The turn is not this node's any more: all that is to come of it is in the log. */
  | { readonly state: "lost" }
  | { readonly state: "stalled"; readonly error: Error };

/** Events held for readers of a turn (256, about 40 kB); a slower reader reads the log, so it costs no memory. */
const HELD = 256;
/** Events that may wait before the responder has to. */
const MOST_PENDING = 1000;
/** UTF-16 units beyond which an event that waits takes no more deltas, so that the bound above bounds memory too. */
const JOINED = 4096;

/** What {@link createLiveTurn} takes. */
export interface LiveTurnOptions {
  readonly id: string;
  readonly owner: Owner;
  readonly ownerId: string;
  readonly conversationId: string;
  /** The first event, which is committed with the question. */
  readonly start: Chunk;
  /** `false`: the database is down and the answer is given without saving. */
  readonly persisted: boolean;
  /** Signs the answer, when it is shown without being saved. */
  readonly receipt: (answer: Answer, status: SettledStatus) => string;
  /** Called when something waits to be committed. */
  readonly onPending: () => void;
}

/** The state of a turn that runs here; see {@link LiveTurn}. */
export function createLiveTurn(options: LiveTurnOptions): LiveTurn {
  const encoder = createEncoder();
  const fold = createFold();
  let last = 1;
  let pending: TurnEvent[] = [];
  let held: TurnEvent[] = [{ seq: 1, chunk: options.start }];
  let state: "running" | "settled" | "lost" = "running";
  let stall: Error | undefined;
  let ending: { status: SettledStatus; error: Failure | null } | undefined;
  let released = !options.persisted;
  const release = Promise.withResolvers<void>();
  if (released) release.resolve();
  /** The answer that may be shown while the last events wait for their commit. */
  let shown: Answer | undefined;
  /** Taken for a flush that is under way. */
  let taken: readonly TurnEvent[] = [];
  const readers = new Set<() => void>();
  let roomy: PromiseWithResolvers<void> | undefined;
  fold.push(options.start);

  const wake = (): void => {
    for (const listener of readers) listener();
  };

  const show = (events: readonly TurnEvent[]): void => {
    held.push(...events);
    // What is not in the log can be read from here only.
    if (held.length > 2 * HELD && !released) held = held.slice(-HELD);
    wake();
  };

  /** Deltas that wait together become one event: fewer rows under load, the same text. */
  const join = (chunk: Chunk): boolean => {
    const before = pending.at(-1);
    if (released || chunk.type !== "text-delta" || before?.chunk.type !== "text-delta") return false;
    if (before.chunk.id !== chunk.id || before.chunk.delta.length > JOINED) return false;
    const delta = before.chunk.delta + chunk.delta;
    pending[pending.length - 1] = { seq: before.seq, chunk: { ...chunk, delta } };
    return true;
  };

  const write = (chunks: readonly Chunk[]): void => {
    for (const chunk of chunks) {
      if (join(chunk)) continue;
      const event: TurnEvent = { seq: ++last, chunk };
      if (options.persisted) pending.push(event);
      if (!released) continue;
      fold.push(chunk);
      show([event]);
    }
    if (pending.length > 0) options.onPending();
  };

  return {
    id: options.id,
    owner: options.owner,
    ownerId: options.ownerId,
    conversationId: options.conversationId,
    persisted: options.persisted,
    stopping: new AbortController(),
    push: (event) => write(encoder.encode(event)),
    async room() {
      if (pending.length < MOST_PENDING) return;
      roomy ??= Promise.withResolvers<void>();
      await roomy.promise;
    },
    take() {
      taken = pending;
      pending = [];
      roomy?.resolve();
      roomy = undefined;
      return taken as TurnEvent[];
    },
    hasPending: () => pending.length > 0,
    commit(events) {
      stall = undefined;
      taken = [];
      if (released) return;
      if (shown === undefined) for (const { chunk } of events) fold.push(chunk);
      show(events);
    },
    answer: () => shown ?? fold.answer(),
    end(status, error) {
      const before = released ? undefined : fold.answer();
      write(encoder.end());
      ending = { status, error };
      const unsaved = released ? { receipt: options.receipt(fold.answer(), status) } : undefined;
      write(settledChunks(status, error, unsaved));
      const events = pending;
      taken = events;
      pending = [];
      if (!released) for (const { chunk } of events) fold.push(chunk);
      shown = before;
      return { events, answer: fold.answer() };
    },
    settled() {
      taken = [];
      state = "settled";
      shown = undefined;
      wake();
    },
    lost() {
      state = "lost";
      wake();
    },
    stalled(error) {
      stall = error;
      if (error !== undefined) wake();
    },
    released: release.promise,
    release() {
      if (released) return;
      const hidden = [...taken, ...pending];
      if (ending !== undefined) {
        released = true;
        release.resolve();
        const { status, error } = ending;
        const last = settledChunks(status, error, { receipt: options.receipt(fold.answer(), status) });
        // The same events, but the last say that they are not saved.
        const body = hidden.slice(0, -last.length);
        show([
          ...body,
          ...hidden.slice(-last.length).map(({ seq }, index) => ({ seq, chunk: last[index]! })),
        ]);
        state = "settled";
        return;
      }
      for (const { chunk } of hidden) fold.push(chunk);
      show(hidden);
      released = true;
      release.resolve();
      write([{ type: "message-metadata", messageMetadata: { persisted: false } }]);
    },
    held(after) {
      const first = held[0]!.seq;
      if (state === "lost") return { state: "lost" };
      if (after + 1 < first) return { state: "in the log" };
      const events = held.slice(after + 1 - first);
      if (events.length > 0) return { state: "events", events };
      if (state === "settled") return { state: "settled" };
      return stall === undefined ? { state: "waiting" } : { state: "stalled", error: stall };
    },
    subscribe(listener) {
      readers.add(listener);
      return () => readers.delete(listener);
    },
  };
}
