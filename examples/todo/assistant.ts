import { type Json, type Message, type Responder, type ResponderEvent, userIdOf } from "@chatkeep/protocol";

import { type Intent, readIntent } from "./intents.ts";
import type { Todo, Todos } from "./todos.ts";

/** An assistant that does what it is told with todos, and shows each thing it does as a tool's call. */
export function createAssistant(todos: Todos): Responder {
  return async function* respond({ owner, question, history, turnId }) {
    const user = userIdOf(owner);
    if (user === null) {
      yield { type: "intent", intent: "unknown", processed: false };
      yield "Sign in first: todos belong to somebody.";
      return;
    }
    let calls = 0;
    /** Does something and tells of it; what it gives is kept with the conversation. */
    const use = async function* <T extends Json>(
      name: string,
      args: Json,
      work: () => Promise<T>,
    ): AsyncGenerator<ResponderEvent, T, void> {
      const id = `${turnId}-${(calls += 1)}`;
      yield { type: "tool-call", id, name, arguments: JSON.stringify(args) };
      const result = await work();
      yield { type: "tool-result", id, result };
      return result;
    };

    const wanted = readIntent(question.content);
    switch (wanted.intent) {
      case "create_todo": {
        const made = yield* use("create_todo", { title: wanted.title }, async () =>
          plain(await todos.create(user, wanted.title)),
        );
        yield { type: "intent", intent: "create_todo", processed: true };
        yield `Added “${made.title}”.`;
        return;
      }
      case "list_todos": {
        const list = yield* use("list_todos", { which: wanted.which }, async () =>
          (await todos.list(user, wanted.which)).map(plain),
        );
        yield { type: "intent", intent: "list_todos", processed: true };
        yield list.length === 0
          ? "There is nothing on your list."
          : list.map(({ title, done }, index) => `${index + 1}. ${title}${done ? " ✓" : ""}`).join("\n");
        return;
      }
      case "complete_todo":
      case "delete_todo": {
        const found = choose(wanted, await todos.list(user, "all"), history);
        if (typeof found === "string") {
          yield { type: "intent", intent: wanted.intent, processed: false };
          yield found;
          return;
        }
        const isDelete = wanted.intent === "delete_todo";
        yield* use(wanted.intent, { id: found.id }, async () => {
          await (isDelete ? todos.remove(user, found.id) : todos.complete(user, found.id));
          return plain({ ...found, done: !isDelete });
        });
        yield { type: "intent", intent: wanted.intent, processed: true };
        yield isDelete ? `Removed “${found.title}”.` : `Done: “${found.title}”.`;
        return;
      }
      case "unknown":
        yield { type: "intent", intent: "unknown", processed: false };
        yield "I can add, list, complete and delete todos. Say “add buy milk”, or “what is on my list?”.";
    }
  };
}

function plain({ id, title, done }: Todo): { id: number; title: string; done: boolean } {
  return { id, title, done };
}

const PLACES = ["first", "second", "third", "fourth", "fifth"];

/**
 * The todo that is meant, or the sentence that asks which: by its words, by its place in the list that was shown
 * last ("the second one"), or the one that was talked of last ("it").
 */
function choose(
  { what }: Extract<Intent, { what: string }>,
  all: readonly Todo[],
  history: readonly Message[],
): Todo | string {
  const shown = lastResult(history);
  const place = PLACES.findIndex((word) => what.toLowerCase().startsWith(word));
  const number = place >= 0 ? place : Number.parseInt(what, 10) - 1;
  const meant = /^(?:it|that|that one|this)$/i.test(what) ? shown.at(-1) : shown[number];
  const known = all.find(({ id }) => id === meant);
  if (known !== undefined) return known;
  const words = what.toLowerCase().split(" ");
  const found = all.filter(
    ({ title, done }) => !done && words.every((word) => title.toLowerCase().includes(word)),
  );
  if (found.length === 0) return `There is no open todo like “${what}”.`;
  const [one] = found;
  if (found.length === 1 && one !== undefined) return one;
  return `Which one do you mean?\n${found.map(({ title }, index) => `${index + 1}. ${title}`).join("\n")}`;
}

/** The ids of the todos that the latest tool gave. */
function lastResult(history: readonly Message[]): number[] {
  for (const { parts } of history.toReversed()) {
    const result = parts.findLast((part) => part.type === "tool-result")?.result;
    if (result === undefined || result === null || typeof result !== "object") continue;
    return [result].flat().flatMap((todo) => {
      if (typeof todo !== "object" || todo === null || Array.isArray(todo)) return [];
      return typeof todo["id"] === "number" ? [todo["id"]] : [];
    });
  }
  return [];
}
