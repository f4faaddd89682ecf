// oxlint-disable typescript/no-unsafe-enum-comparison -- TanStack AI's types mix its enum and strings
import { type Json, decodeData, parseJson } from "@chatkeep/protocol";
import { type ResumableConnectConnectionAdapter, fetchServerSentEvents } from "@tanstack/ai-client";
import { EventType, type StreamChunk, StreamProcessor } from "@tanstack/ai/client";

export interface ConnectionOptions {
  /** The address of the Chatkeep server; default the page's own. */
  readonly url?: string;
  /** The credentials of the person. */
  readonly headers?: Record<string, string>;
}

/**
 * A connection of TanStack AI's `useChat` and `ChatClient`, over AG-UI. The chat's `threadId` is the conversation's id. With
 * `persistence: true`, a page begins with the latest 100 stored messages and follows the running answer.
 */
export function createConnection({
  url = "",
  headers = {},
}: ConnectionOptions = {}): ResumableConnectConnectionAdapter {
  const base = url.replace(/\/$/, "");
  /** The threads of the runs that {@link ResumableConnectConnectionAdapter.joinRun} may name. */
  const threads = new Map<string, string>();

  const eventsOf = async function* (threadId: string, signal?: AbortSignal): AsyncGenerator<StreamChunk> {
    const path = `${base}/ag-ui/threads/${encodeURIComponent(threadId)}/events`;
    const response = await fetch(path, { headers, ...(signal === undefined ? {} : { signal }) });
    if (!response.ok || response.body === null)
      throw new Error(`HTTP ${response.status}: ${await response.text()}`);
    for await (const event of decodeData(response.body)) yield event as unknown as StreamChunk;
  };

  const runs = fetchServerSentEvents(`${base}/ag-ui`, { headers });
  return {
    connect: (...given) => withToolInputs(runs.connect(...given)),

    async hydrate(threadId) {
      const processor = new StreamProcessor();
      let running: string | undefined;
      for await (const event of eventsOf(threadId)) {
        // Without a running turn, the run has the thread's id.
        if (event.type === "RUN_STARTED" && event.runId !== threadId) running = event.runId;
        if (event.type !== "MESSAGES_SNAPSHOT") continue;
        processor.processChunk(event);
        break;
      }
      if (running !== undefined) threads.set(running, threadId);
      return {
        messages: processor.getMessages(),
        activeRun: running === undefined ? null : { runId: running },
        interrupts: null,
      };
    },

    async *joinRun(runId, signal) {
      const threadId = threads.get(runId);
      if (threadId === undefined) throw new Error("The run is not one that `hydrate` gave.");
      for await (const event of eventsOf(threadId, signal))
        if (event.type !== "MESSAGES_SNAPSHOT") yield event;
    },
  };
}

/** Tells the client which calls wait for a tool of the page: TanStack AI has an event of its own for it. */
async function* withToolInputs(events: AsyncIterable<StreamChunk>): AsyncGenerator<StreamChunk> {
  const calls = new Map<string, { readonly toolName: string; text: string }>();
  for await (const event of events) {
    // A run that is joined begins with what the page has loaded.
    if (event.type === "MESSAGES_SNAPSHOT") continue;
    if (event.type === "TOOL_CALL_START")
      calls.set(event.toolCallId, { toolName: event.toolCallName, text: "" });
    if (event.type === "TOOL_CALL_RESULT") calls.delete(event.toolCallId);
    if (event.type === "TOOL_CALL_ARGS") {
      const call = calls.get(event.toolCallId);
      if (call !== undefined) call.text += event.delta;
    }
    if (event.type === "RUN_FINISHED" && event.outcome?.type !== "interrupt")
      for (const [toolCallId, { toolName, text }] of calls) {
        const value = { toolCallId, toolName, input: inputOf(text) };
        yield { type: EventType.CUSTOM, name: "tool-input-available", value };
      }
    yield event;
  }
}

function inputOf(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return {};
  }
}
