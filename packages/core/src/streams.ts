import { type ResponderEvent, decodeData } from "@chatkeep/protocol";

import { agUi } from "./streams/ag-ui.ts";
import { aiSdk } from "./streams/ai-sdk.ts";
import { toResponderError } from "./streams/failure.ts";
import type { Item, ItemReader, Shape } from "./streams/item.ts";
import { langchain } from "./streams/langchain.ts";
import { mastra } from "./streams/mastra.ts";
import { fromObservable } from "./streams/observable.ts";
import { openaiChat } from "./streams/openai-chat.ts";
import { openaiResponses } from "./streams/openai-responses.ts";

/** The first that matches reads an item. */
const SHAPES: readonly Shape[] = [mastra, aiSdk, agUi, openaiResponses, openaiChat, langchain];

/** The fields by which items of other libraries are known whose types are also those of our events. */
const FOREIGN = ["toolCallId", "mediaType", "sourceType", "payload"];
const OWN =
  /^(?:text|reasoning|citation|source|step|tool-call(?:-delta)?|tool-result|approval(?:-request)?|file|data|model|intent)$/;

/**
 * Reads the events of an answer from anything that a responder may return (`AnswerStream`), and from any iterable of
 * such items. Each item is known by its shape, so a stream may mix them; one that is not known is passed on as it is.
 * Leaving early cancels the stream.
 */
export function readAnswer(given: unknown): AsyncIterableIterator<ResponderEvent> {
  let items: AsyncIterator<unknown> | undefined;
  let hasLeft = false;
  const opened = Promise.resolve(given).then(async (stream) => {
    items = itemsOf(stream)[Symbol.asyncIterator]();
    if (hasLeft) await items.return?.();
    return items;
  });
  // Whoever leaves before the first event reads no error, and an unhandled rejection ends the process.
  opened.catch(() => undefined);
  const readers = new Map<Shape, ItemReader>();
  let waiting: Iterator<ResponderEvent> | undefined;

  const read = (value: unknown): Iterator<ResponderEvent> | undefined => {
    if (!isObject(value) || isOwn(value)) return undefined;
    const shape = SHAPES.find(({ matches }) => matches(value));
    if (shape === undefined) return undefined;
    let reader = readers.get(shape);
    if (reader === undefined) readers.set(shape, (reader = shape.createReader()));
    return reader.read(value)[Symbol.iterator]();
  };

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      items ??= await opened;
      for (;;) {
        const event = waiting?.next();
        if (event?.done === false) return event;
        const item = await items.next();
        if (item.done === true) {
          const rest = [...readers.values()].flatMap((reader) => reader.end?.() ?? []);
          readers.clear();
          if (rest.length === 0) return { done: true, value: undefined };
          waiting = rest[Symbol.iterator]();
          continue;
        }
        waiting = read(item.value);
        if (waiting === undefined) return { done: false, value: item.value as ResponderEvent };
      }
    },
    async return() {
      hasLeft = true;
      await items?.return?.();
      return { done: true, value: undefined };
    },
  };
}

function isOwn(item: Item): boolean {
  const { type } = item;
  if (typeof type !== "string" || !OWN.test(type)) return false;
  // A generated file of the AI SDK is an object; ours is named by a string.
  return FOREIGN.every((field) => item[field] === undefined) && typeof item["file"] !== "object";
}

function isObject(value: unknown): value is Item {
  return typeof value === "object" && value !== null;
}

/** The items of what a responder returned. */
function itemsOf(given: unknown): AsyncIterable<unknown> {
  if (typeof given === "string") return asItems([given]);
  if (given instanceof Response) return fromResponse(given);
  if (isObject(given)) {
    const { fullStream, subscribe } = given;
    if (fullStream !== undefined) return itemsOf(fullStream);
    if (typeof subscribe === "function") return fromObservable(given as never);
    if (given instanceof ReadableStream) return fromReadable(given);
    if (Symbol.asyncIterator in given) return given as unknown as AsyncIterable<unknown>;
    if (Symbol.iterator in given) return asItems(given as unknown as Iterable<unknown>);
  }
  throw new TypeError("The responder returned no stream: return one of your AI library, or yield events.");
}

async function* asItems(values: Iterable<unknown>): AsyncGenerator<unknown, void, void> {
  yield* values;
}

/** A stream's own iterator would wait for the next item before it cancels. */
function fromReadable(stream: ReadableStream<unknown>): AsyncIterable<unknown> {
  const reader = stream.getReader();
  const iterator: AsyncIterator<unknown> = {
    next: () => reader.read() as Promise<IteratorResult<unknown>>,
    async return() {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

/** The events of a response of server-sent events, or the text of any other. */
function fromResponse(response: Response): AsyncIterable<unknown> {
  const { status, body, headers } = response;
  if (!response.ok) {
    void body?.cancel().catch(() => undefined);
    throw toResponderError({ statusCode: status });
  }
  if (body === null) return asItems([]);
  return headers.get("content-type")?.startsWith("text/event-stream") === true
    ? decodeData(body)
    : fromReadable(body.pipeThrough(new TextDecoderStream()));
}
