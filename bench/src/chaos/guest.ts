import { setTimeout as pause } from "node:timers/promises";

import type { Owner } from "@chatkeep/protocol";

import type { Dice } from "./dice.ts";
import type { Credentials } from "./line.ts";
import { makeRecipe, questionOf } from "./recipe.ts";
import { type Record, fault, say } from "./record.ts";

export interface GuestOptions {
  readonly record: Record;
  readonly dice: Dice;
  /** The addresses of the nodes. */
  readonly urls: readonly string[];
  readonly credentials: Credentials;
}

/** Somebody who writes large and small, is claimed, clears, exports, imports, and erases it all; what they see is checked at once. */
export interface Guest {
  readonly record: Record;
  /** Goes on until it is over; leaves nothing stored. */
  act(over: AbortSignal): Promise<void>;
}

/** Milliseconds that one request may take, that lie between two tries, and after which it is a fault. */
const [TIMEOUT, RETRY, GIVE_UP] = [8000, 250, 90_000];

/** The part of a message, named by the id under which it was sent. */
interface Held {
  readonly name?: string;
  readonly url?: string;
}

interface Listed {
  readonly messages: readonly { readonly id: string; readonly parts: readonly Held[] }[];
  readonly has_more: boolean;
}

/** A guest; all choices are the dice's. */
export function createGuest({ record, dice, urls, credentials }: GuestOptions): Guest {
  /** Whether a change of this visit was sent twice: the first may have been asleep, and take effect at any time. */
  let isDoubtful = false;

  /** Tries on one node after the other until one takes it. */
  const send = async (
    owner: Owner,
    method: string,
    path: string,
    init: { readonly body?: object | string; readonly headers?: globalThis.Record<string, string> } = {},
  ): Promise<{ readonly status: number; readonly text: string }> => {
    const began = Date.now();
    for (let tries = 1; ; tries += 1) {
      const url = `${urls[tries % urls.length]}${path}`;
      let told: string;
      try {
        const answer = await fetch(url, {
          method,
          headers: { "content-type": "application/json", ...credentials(owner), ...init.headers },
          signal: AbortSignal.timeout(TIMEOUT),
          ...(init.body === undefined
            ? {}
            : { body: typeof init.body === "string" ? init.body : JSON.stringify(init.body) }),
        });
        const text = await answer.text();
        if (answer.status < 500) return { status: answer.status, text };
        told = `${answer.status} ${text.slice(0, 500)}`;
        if (answer.status === 500) fault(record, `${method} ${path}: ${told}`);
      } catch (error) {
        told = String(error);
      }
      if (method !== "GET") isDoubtful = true;
      say(record, `${method} ${path} try ${tries}: ${told}`);
      if (Date.now() - began > GIVE_UP) {
        fault(record, `${method} ${path}: not done within ${GIVE_UP / 1000} s, at last: ${told}`);
        throw new Error(told);
      }
      await pause(RETRY);
    }
  };

  const expectStatus = (what: string, status: number, expected: readonly number[]): void => {
    if (!expected.includes(status)) fault(record, `${what} was answered with ${status}.`);
  };

  const visit = async (dice: Dice): Promise<void> => {
    const session: Owner = { kind: "session", id: dice.uuid() };
    const user: Owner = { kind: "user", id: `guest-${dice.uuid()}` };
    const importer: Owner = { kind: "user", id: `guest-${dice.uuid()}` };
    const conversation = dice.uuid();
    const path = `/api/conversations/${conversation}`;
    const sent = new Map<string, number>();
    isDoubtful = false;
    say(record, `-- visit of ${session.id} in ${conversation}`);
    const made = await send(session, "POST", "/api/conversations", { body: { id: conversation } });
    expectStatus(`A new conversation ${conversation}`, made.status, [200, 201]);

    const append = async (owner: Owner, parent?: string): Promise<void> => {
      const id = dice.uuid();
      const length = dice.between(1, 4) === 1 ? dice.between(100_000, 2_000_000) : dice.between(10, 500);
      const part = { type: "file", mime: "a/b", name: id, url: `data:a/b,${"x".repeat(length)}` };
      const { status } = await send(owner, "POST", `${path}/messages`, {
        body: { id, role: "user", parts: [part], parent_id: parent },
      });
      expectStatus(`Message ${id}`, status, [201]);
      if (status === 201) sent.set(id, part.url.length);
    };
    /** What a conversation's messages hold, by their ids; `undefined` if they cannot be read. */
    const read = async (owner: Owner, id: string, when: string): Promise<Map<string, Held> | undefined> => {
      const found = new Map<string, Held>();
      for (let before = ""; ;) {
        const url = `/api/conversations/${id}/messages?branches=all&limit=20${before}`;
        const { status, text } = await send(owner, "GET", url);
        expectStatus(`The messages of ${id} ${when}`, status, [200]);
        if (status !== 200) return undefined;
        const page = JSON.parse(text) as Listed & { messages: { seq: number }[] };
        for (const { id: message, parts } of page.messages) {
          if (found.has(message)) fault(record, `Message ${message} is listed twice ${when}.`);
          found.set(message, parts[0] ?? {});
        }
        if (!page.has_more) return found;
        before = `&before=${page.messages[0]!.seq}`;
      }
    };
    /** That what was acknowledged is listed, and nothing is twice. */
    const check = async (owner: Owner, when: string): Promise<void> => {
      const found = await read(owner, conversation, when);
      for (const [id, length] of found === undefined ? [] : sent)
        if (found!.get(id)?.url?.length !== length)
          fault(record, `Message ${id} of ${conversation} is lost ${when}.`);
    };
    /** Sends an export as another user until it is imported: each of its messages is there once. */
    const bringAlong = async (exported: string): Promise<void> => {
      const began = Date.now();
      const headers = { "content-type": "application/octet-stream" };
      for (;;) {
        const { status, text } = await send(importer, "POST", "/api/me/import", { body: exported, headers });
        // A node takes in so many at a time.
        expectStatus("The import", status, [200, 429]);
        if (text.includes('"type":"end"')) break;
        say(record, `import was cut off: ${text.slice(-300)}`);
        await pause(RETRY);
        if (Date.now() - began > GIVE_UP)
          return fault(record, `An import was not done within ${GIVE_UP / 1000} s.`);
      }
      const { text } = await send(importer, "GET", "/api/conversations");
      const { conversations } = JSON.parse(text) as { conversations: { id: string }[] };
      const found = await Promise.all(conversations.map(({ id }) => read(importer, id, "after the import")));
      const all = found.flatMap((one) => [...(one?.values() ?? [])]);
      for (const [id, length] of sent) {
        const own = all.filter(({ name }) => name === id);
        const isWhole = own.length === 1 && own[0]!.url?.length === length;
        if (exported.includes(`"name":"${id}"`) && !isWhole)
          fault(record, `Message ${id} was imported as ${JSON.stringify(own).slice(0, 500)}.`);
      }
    };

    for (let count = dice.between(1, 4); count > 0; count -= 1) await append(session);
    // It is answered while the rest is done to its conversation, by one node or the other.
    const question = { id: dice.uuid(), content: questionOf(makeRecipe(dice, dice.uuid())) };
    const asking = send(session, "POST", `${path}/turns`, { body: question }).catch(() => undefined);
    await pause(dice.between(0, 1500));

    let owner: Owner = session;
    if (dice.between(1, 2) === 1) {
      const headers = { "x-session-id": session.id };
      const { status } = await send(user, "POST", "/api/sessions/claim", { headers });
      expectStatus(`The claim of ${session.id}`, status, [200]);
      owner = user;
      await check(owner, "after the claim");
      const { status: former } = await send(session, "GET", path);
      expectStatus(`The session's read of ${conversation} after its claim`, former, [403, 404]);
    }
    await append(owner);
    // Another version of a message, and back to the first one.
    const first = [...sent.keys()][0];
    if (first !== undefined && dice.between(1, 2) === 1) {
      await append(owner, first);
      const { status } = await send(owner, "PATCH", path, { body: { head_id: first } });
      expectStatus(`The head ${first}`, status, [200]);
    }
    if (first !== undefined && dice.between(1, 3) === 1) {
      const { status } = await send(owner, "DELETE", `${path}/messages/${first}`);
      expectStatus(`The deletion of ${first}`, status, isDoubtful ? [200, 204, 404] : [200, 204]);
      const { status: restored } = await send(owner, "POST", `${path}/messages/restore`, {
        body: { ids: [first] },
      });
      expectStatus(`The restoring of ${first}`, restored, isDoubtful ? [200, 404] : [200]);
      // A node that sleeps may delete it later.
      if (isDoubtful) sent.delete(first);
    }
    if (dice.between(1, 2) === 1) {
      const { status, text } = await send(owner, "GET", "/api/me/export");
      expectStatus("The export", status, [200]);
      const lines = text.split("\n").filter((line) => line !== "");
      // A file that was cut off says so by the end that it lacks.
      if (lines.at(-1)?.includes('"end"') === true) {
        for (const id of sent.keys())
          if (!text.includes(id)) fault(record, `The export lacks message ${id}.`);
        await bringAlong(text);
      }
    }
    if (dice.between(1, 2) === 1) {
      const before = [...sent.keys()];
      const { status } = await send(owner, "DELETE", `${path}/messages`);
      expectStatus(`The clearing of ${conversation}`, status, [200]);
      const { text } = await send(owner, "GET", `${path}/messages?limit=20`);
      for (const id of before)
        if (!isDoubtful && text.includes(id)) fault(record, `Message ${id} is there after clearing.`);
      sent.clear();
      await append(owner);
      if (isDoubtful) sent.clear();
    }
    await check(owner, "at the end");

    await asking;
    for (const one of [session, user, importer]) {
      const { status } = await send(one, "DELETE", "/api/me");
      expectStatus("The erasure", status, [200]);
      const { text } = await send(one, "GET", "/api/conversations");
      if (!isDoubtful && text.includes(conversation))
        fault(record, `Conversation ${conversation} is there after the erasure.`);
    }
  };

  return {
    record,
    async act(over) {
      for (let count = 0; !over.aborted; count += 1) {
        // A fault is in the record; the guest goes on.
        await visit(dice.fork(count)).catch((error: unknown) => say(record, `gave up: ${String(error)}`));
        await pause(dice.fork(count).between(0, 500));
      }
    },
  };
}
