import type { ResponderEvent } from "@chatkeep/protocol";

import { textIn } from "./item.ts";

/** Tool calls whose arguments arrive in pieces. */
export interface Calls {
  /** `more` are further fields of the call. */
  begin(id: unknown, name: unknown, more?: object): void;
  write(id: unknown, delta: unknown): ResponderEvent[];
  /** Completes a call once. The arguments are the text that was written; `input` where nothing was. */
  complete(id: unknown, name?: unknown, input?: unknown, more?: object): ResponderEvent[];
  /** Completes the calls that are still open. */
  end(): ResponderEvent[];
}

export function createCalls(): Calls {
  const open = new Map<string, { readonly name: string; readonly more: object; text: string }>();
  const calls: Calls = {
    begin(id, name, more = {}) {
      open.set(textIn(id), { name: textIn(name), more, text: "" });
    },
    write(given, delta) {
      const id = textIn(given);
      const call = open.get(id);
      if (call === undefined || textIn(delta) === "") return [];
      call.text += textIn(delta);
      return [{ ...call.more, type: "tool-call-delta", id, name: call.name, delta: textIn(delta) }];
    },
    complete(given, name, input, more) {
      const id = textIn(given);
      const call = open.get(id);
      open.delete(id);
      const written = typeof input === "string" ? input : input === undefined ? "" : JSON.stringify(input);
      // An empty text, which models write for a call without arguments, is no JSON.
      const text = (call?.text ?? "") || written || "{}";
      const fields = { ...call?.more, ...more };
      return [{ ...fields, type: "tool-call", id, name: call?.name || textIn(name), arguments: text }];
    },
    end() {
      return [...open.keys()].flatMap((id) => calls.complete(id));
    },
  };
  return calls;
}
