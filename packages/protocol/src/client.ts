import { branchCalls } from "./client/branches.ts";
import { conversationCalls } from "./client/conversations.ts";
import { fileCalls, streamOf } from "./client/files.ts";
import { messageCalls } from "./client/messages.ts";
import { conversationPath, searchOf } from "./client/paths.ts";
import { queueCalls } from "./client/queue.ts";
import { type ClientOptions, bodyOf, createRequests } from "./client/requests.ts";
import { shareCalls } from "./client/shares.ts";
import { turnCalls } from "./client/turns.ts";
import { usageCalls } from "./client/usage.ts";
import { ChatkeepError, type ErrorCode } from "./errors.ts";
import type { FileBytes } from "./file.ts";
import type { History } from "./history.ts";
import { parseJson } from "./json.ts";
import type { Owner } from "./owner.ts";
import type { ImportReport } from "./personal-data.ts";
import { decodeLines } from "./stream/lines.ts";
import { type WireContext, contextFromWire } from "./wire/context.ts";
import { type WireMessage, messageFromWire, messageInputToWire } from "./wire/message.ts";
import {
  type WireErasureReceipt,
  type WireExportLine,
  erasureReceiptFromWire,
  exportLineFromWire,
} from "./wire/personal-data.ts";
import { queryTextToWire } from "./wire/query.ts";

/** {@link History} over HTTP, and what only the API has. */
export interface Client extends History {
  /**
   * Imports the export of another service, which the server recognises. Yields what came so far, and last what came in all.
   * Errors: `invalid_request` for a file that is no export; others when it broke off: send it again, and it goes on.
   */
  importData(owner: Owner, file: FileBytes): AsyncIterable<ImportReport>;
}

interface ImportLine {
  readonly type: string;
  readonly code: ErrorCode;
  readonly detail: string;
}

/** The native API of a Chatkeep server. */
export function createClient(options: ClientOptions): Client {
  const requests = createRequests(options);
  const { send, json } = requests;
  return {
    ...conversationCalls(requests),
    ...messageCalls(requests),
    ...branchCalls(requests),
    ...turnCalls(requests),
    ...queueCalls(requests),
    ...fileCalls(requests),
    ...shareCalls(options),
    ...usageCalls(requests),

    async claimSession(user, session) {
      const headers = { "x-session-id": session.id };
      return json<{ claimed: number }>(user, "POST", "/api/sessions/claim", { headers });
    },

    async *exportData(owner) {
      const response = await send(owner, "GET", "/api/me/export", {
        headers: { accept: "application/jsonl" },
      });
      for await (const text of decodeLines(bodyOf(response))) {
        const line = exportLineFromWire(parseJson(text) as unknown as WireExportLine);
        yield line;
        if (line.type === "end") return;
      }
      throw new ChatkeepError("unavailable", "The export was cut off before its end; begin again.");
    },

    async *importData(owner, file) {
      const raw = { body: streamOf(file), duplex: "half" } as const;
      const headers = { "content-type": "application/octet-stream", accept: "application/jsonl" };
      const response = await send(owner, "POST", "/api/me/import", { raw, headers });
      for await (const text of decodeLines(bodyOf(response))) {
        const { type, code, detail, ...report } = parseJson(text) as unknown as ImportReport & ImportLine;
        yield report;
        if (type === "end") return;
        if (type === "error") throw new ChatkeepError(code, detail);
      }
      throw new ChatkeepError(
        "unavailable",
        "The import was cut off before its end. Import the file again: it goes on.",
      );
    },

    async eraseData(owner) {
      return erasureReceiptFromWire(await json<WireErasureReceipt>(owner, "DELETE", "/api/me"));
    },

    async appendMessages(owner, id, messages, { parent, expectedHead } = {}) {
      const body = {
        messages: messages.map(messageInputToWire),
        parent_id: parent,
        expected_head_id: expectedHead,
      };
      const wire = await json<{ messages: WireMessage[] }>(
        owner,
        "POST",
        `${conversationPath(id)}/messages`,
        { body },
      );
      return wire.messages.map(messageFromWire);
    },

    async getContext(owner, id, { question } = {}) {
      const search = searchOf({ question: question === undefined ? undefined : queryTextToWire(question) });
      return contextFromWire(
        await json<WireContext>(owner, "GET", `${conversationPath(id)}/context${search}`),
      );
    },

    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
