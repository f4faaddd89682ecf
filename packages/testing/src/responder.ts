import type { Responder, ResponderEvent, ResponderRequest } from "@chatkeep/protocol";

/** One call of the responder, which the test leads by hand. */
export interface Run {
  readonly request: ResponderRequest;
  /** Says the event; resolves when it was taken and the next is asked for, or when nobody listens any more. */
  emit(event: ResponderEvent): Promise<void>;
  /** Ends the answer. */
  finish(): void;
  /** Makes the responder throw. */
  fail(error: unknown): void;
  /** Resolves when the responder is told to stop. */
  readonly aborted: Promise<void>;
}

/** A responder that says what a test tells it to, when the test tells it to; see {@link createScriptedResponder}. */
export interface ScriptedResponder {
  readonly responder: Responder;
  /** The next call for a turn of this conversation, in order of the calls; waits until there is one. */
  started(conversationId: string): Promise<Run>;
  /** How often it was called for turns of this conversation. */
  calls(conversationId: string): number;
}

export interface ScriptedResponderOptions {
  /**
   * What a run does when its signal is aborted: `throw` (default) throws the signal's reason, as `fetch`
   * does; `ignore` goes on waiting for the test, as a responder that forgot the signal would.
   */
  readonly onAbort?: "throw" | "ignore";
  /** Whether it goes on with the answer of a node that died. Default `false`. */
  readonly continues?: boolean;
}

/** Makes a responder that tests lead with signals instead of sleeps. One serves any number of turns at once. */
export function createScriptedResponder(options: ScriptedResponderOptions = {}): ScriptedResponder {
  const { onAbort = "throw", continues = false } = options;
  const inboxes = new Map<string, Inbox>();

  const inboxOf = (conversationId: string): Inbox => {
    let inbox = inboxes.get(conversationId);
    if (inbox === undefined) inboxes.set(conversationId, (inbox = { calls: 0, runs: [], waiting: [] }));
    return inbox;
  };

  // No generator: the call itself counts, not the first time something is asked of it.
  const respond = (request: ResponderRequest): AsyncIterable<ResponderEvent> => {
    const inbox = inboxOf(request.conversation.id);
    const { run, events } = createRun(request, onAbort);
    inbox.calls += 1;
    const waiting = inbox.waiting.shift();
    if (waiting === undefined) inbox.runs.push(run);
    else waiting(run);
    return events;
  };

  return {
    responder: Object.assign(respond, { continues }),
    started(conversationId) {
      const inbox = inboxOf(conversationId);
      const run = inbox.runs.shift();
      if (run !== undefined) return Promise.resolve(run);
      return new Promise((resolve) => inbox.waiting.push(resolve));
    },
    calls: (conversationId) => inboxOf(conversationId).calls,
  };
}

interface Inbox {
  calls: number;
  /** Calls that no test asked for yet, and tests whose call is still to come: one of the two is empty. */
  readonly runs: Run[];
  readonly waiting: ((run: Run) => void)[];
}

type Step =
  | { readonly type: "event"; readonly event: ResponderEvent; readonly taken: () => void }
  | { readonly type: "end" }
  | { readonly type: "throw"; readonly error: unknown };

function createRun(
  request: ResponderRequest,
  onAbort: "throw" | "ignore",
): { run: Run; events: AsyncIterable<ResponderEvent> } {
  const steps: Step[] = [];
  let over = false;
  let wake = Promise.withResolvers<void>();
  const { signal } = request;
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

  const add = (step: Step): void => {
    if (over) {
      if (step.type === "event") step.taken();
      return;
    }
    steps.push(step);
    wake.resolve();
  };

  const next = async (): Promise<Step> => {
    for (;;) {
      if (signal.aborted && onAbort === "throw") return { type: "throw", error: signal.reason };
      const step = steps.shift();
      if (step !== undefined) return step;
      wake = Promise.withResolvers<void>();
      await (onAbort === "throw" ? Promise.race([wake.promise, aborted]) : wake.promise);
    }
  };

  const events = async function* (): AsyncGenerator<ResponderEvent, void, void> {
    let taken: (() => void) | undefined;
    try {
      for (;;) {
        const step = await next();
        if (step.type === "end") return;
        if (step.type === "throw") throw step.error;
        taken = step.taken;
        yield step.event;
        taken();
      }
    } finally {
      over = true;
      taken?.();
      for (const step of steps.splice(0)) if (step.type === "event") step.taken();
    }
  };

  const run: Run = {
    request,
    emit: (event) => new Promise((taken) => add({ type: "event", event, taken })),
    finish: () => add({ type: "end" }),
    fail: (error) => add({ type: "throw", error }),
    aborted,
  };
  return { run, events: events() };
}
