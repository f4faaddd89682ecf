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
  /** Whether its first words wait: somebody looks at an empty answer. */
  isSilent(): boolean;
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
  /** Shows what is not committed, for an outage, until a commit has caught up. */
  release(): void;
  /** Resolves when it shows, or is going to show, what is not committed. */
  released(): Promise<void>;
  /** Committed events after `after`, while this node still holds them; see {@link Held}. */
  held(after: number): Held;
  /** Calls `listener` whenever {@link held} has more to say, until the returned function is called. */
  subscribe(listener: () => void): () => void;
}

/** What a live turn has for a reader who has seen the events up to some number. */
type Held =
  | {
      readonly state: "events";
      readonly events: readonly TurnEvent[];
      /** The number from which on they are shown without being committed, in an outage. */
      readonly unsavedFrom: number | undefined;
    }
  /** Nothing new yet. */
  | { readonly state: "waiting" }
  /** Older events than are held: they are in the log. */
  | { readonly state: "in the log" }
  | { readonly state: "settled" }
  /** The turn is not this node's any more: all that is to come of it is in the log. */
  | { readonly state: "lost" }
  | { readonly state: "stalled"; readonly error: Error };

/** Events held for readers of a turn (16, about 4 kB); a slower reader reads the log, so it costs no memory. */
const HELD = 16;
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
  /** Whether events are shown without waiting for their commit. */
  let unsaved = !options.persisted;
  /** The first number that is shown and not committed. */
  let unsavedFrom = unsaved ? 1 : undefined;
  /** The last number that is shown, and folded into the answer. */
  let shownTo = 1;
  let release = Promise.withResolvers<void>();
  if (unsaved) release.resolve();
  /** The answer that may be shown while the last events wait for their commit. */
  let shown: Answer | undefined;
  /** Taken for a flush that is under way. */
  let taken: readonly TurnEvent[] = [];
  /** To be committed with the settling. */
  let final: TurnEvent[] = [];
  const readers = new Set<() => void>();
  let roomy: PromiseWithResolvers<void> | undefined;
  fold.push(options.start);

  const wake = (): void => {
    for (const listener of readers) listener();
  };

  /** Shows those of the events that are not shown yet. */
  const show = (events: readonly TurnEvent[]): void => {
    const news = events.filter(({ seq }) => seq > shownTo);
    if (shown === undefined) for (const { chunk } of news) fold.push(chunk);
    held.push(...news);
    shownTo = news.at(-1)?.seq ?? shownTo;
    // What is not in the log can be read from here only.
    if (held.length > 2 * HELD && unsavedFrom === undefined) held = held.slice(-HELD);
    wake();
  };

  /** The same events, but the last ones, as long as they are not committed, say so and carry the receipt. */
  const unsavedEnd = (events: readonly TurnEvent[]): TurnEvent[] => {
    const { status, error } = ending!;
    const ends = settledChunks(status, error, { receipt: options.receipt(fold.answer(), status) });
    const body = events.length - ends.length;
    return events.map((event, index) =>
      index < body ? event : { seq: event.seq, chunk: ends[index - body]! },
    );
  };

  /** Deltas that wait together become one event: fewer rows under load, the same text. */
  const join = (chunk: Chunk): boolean => {
    const before = pending.at(-1);
    if (chunk.type !== "text-delta" || before?.chunk.type !== "text-delta" || before.seq <= shownTo)
      return false;
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
      if (unsaved) show([event]);
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
    isSilent: () => shownTo === 1 && pending.length > 0,
    commit(events) {
      stall = undefined;
      taken = [];
      show(events);
      if (!options.persisted || ending !== undefined) return;
      // From here on each event is committed first again; of those shown before, the next commit takes care.
      if (unsaved) release = Promise.withResolvers<void>();
      unsaved = false;
      unsavedFrom = pending.find(({ seq }) => seq <= shownTo)?.seq;
    },
    answer: () => shown ?? fold.answer(),
    end(status, error) {
      write(encoder.end());
      ending = { status, error };
      const ends = settledChunks(status, error).map((chunk): TurnEvent => ({ seq: ++last, chunk }));
      final = [...pending, ...ends];
      pending = [];
      if (unsaved) {
        show(unsavedEnd(final));
      } else {
        shown = fold.answer();
        for (const { seq, chunk } of final) if (seq > shownTo) fold.push(chunk);
      }
      return { events: final, answer: fold.answer() };
    },
    settled() {
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
    released: () => release.promise,
    release() {
      if (unsaved) return;
      const hidden = [...taken, ...pending, ...final].filter(({ seq }) => seq > shownTo);
      unsaved = true;
      unsavedFrom ??= hidden[0]?.seq ?? last + 1;
      release.resolve();
      if (ending === undefined) {
        show(hidden);
        return;
      }
      show(unsavedEnd(hidden));
      state = "settled";
    },
    held(after) {
      const first = held[0]!.seq;
      if (state === "lost") return { state: "lost" };
      if (after + 1 < first) return { state: "in the log" };
      const events = held.slice(after + 1 - first);
      if (events.length > 0) return { state: "events", events, unsavedFrom };
      if (state === "settled") return { state: "settled" };
      return stall === undefined ? { state: "waiting" } : { state: "stalled", error: stall };
    },
    subscribe(listener) {
      readers.add(listener);
      return () => readers.delete(listener);
    },
  };
}
