import { ChatkeepError, type ExportLine, erasureReceiptToWire, exportLineToWire } from "@chatkeep/protocol";
import { z } from "zod";

import { time } from "../../http/fields.ts";
import { type Route, ownerRoutes } from "../../http/route.ts";
import { streamLines } from "../../http/stream.ts";
import { readUpload } from "../../http/upload.ts";
import { actorOf, authenticateSession } from "../../identity/caller.ts";
import type { ApiServices } from "../api.ts";

const claimed = z.strictObject({ claimed: z.int() });
const receipt = z
  .strictObject({
    erased_at: time,
    conversations: z.int(),
    messages: z.int(),
    turns: z.int(),
    files: z.int(),
  })
  .meta({ id: "ErasureReceipt" });

const EXPORT_HEADERS = {
  "content-type": "application/jsonl; charset=utf-8",
  "content-disposition": 'attachment; filename="chatkeep-export.jsonl"',
  "cache-control": "no-store",
};

const IMPORT_HEADERS = { "content-type": "application/jsonl; charset=utf-8", "cache-control": "no-store" };

/** The routes of all data of one person. */
export function personalDataRoutes({ history, log }: ApiServices): Route[] {
  const route = ownerRoutes("Personal data");
  return [
    route("GET /api/me/export", {
      id: "exportData",
      summary: "Export all data of the caller",
      description:
        "JSON Lines: each conversation, archived and deleted ones too, followed by its messages; then each file, " +
        "followed by its bytes in base64; then the links to conversations. An `end` line with the counts is the last. A file without it was cut off. The export is recorded in the audit log.",
      replies: {
        200: {
          description: "The file.",
          text: {
            "application/jsonl": "Lines of `conversation`, `message`, `file`, `bytes`, `share` and `end`.",
          },
        },
      },
      handle: async ({ owner, key, ...call }) => {
        // Not begun: the audit log would record an export that nobody got.
        if (call.request.method === "HEAD") return new Response(null, { headers: EXPORT_HEADERS });
        const lines = wireLines(history.exportData(owner, { actor: actorOf(key) }));
        return streamLines({ ...call, lines, headers: EXPORT_HEADERS, log });
      },
    }),
    route("POST /api/me/import", {
      id: "importData",
      summary: "Import the export of another service",
      description:
        "The body is the file, or a form (`multipart/form-data`) with it: a zip or a JSON file of ChatGPT, Claude, Open " +
        "WebUI, LibreChat or Chatkeep, of 1 GiB at most. What was imported before is not stored again. The reply is JSON " +
        "Lines: after each conversation what came so far, and last `end` with what came in all, or `error` with a code and " +
        "what came before it. After that, or without a last line, send the file again. Without a server key, messages of " +
        "the role `system`, approvals, and what a model's provider attached are left out, and calls of tools are kept as " +
        "made by the provider.",
      bytes: "The file.",
      replies: {
        200: {
          description: "The report of the import.",
          text: { "application/jsonl": "Lines of `progress`, and `end` or `error`." },
        },
      },
      errors: ["payload_too_large"],
      handle: async ({ owner, key, ...call }) => {
        const { importUpload } = await import("../../import/upload.ts");
        const { bytes } = await readUpload(call.request);
        const lines = importUpload({ history, owner, isTrusted: key !== undefined }, bytes);
        return streamLines({ ...call, lines, headers: IMPORT_HEADERS, log });
      },
    }),
    route("DELETE /api/me", {
      id: "eraseData",
      summary: "Permanently erase all data of the caller",
      description: "Includes the trash. This cannot be undone. The receipt is kept in the audit log.",
      replies: { 200: { description: "The receipt.", json: receipt } },
      handle: async ({ owner, key }) =>
        erasureReceiptToWire(await history.eraseData(owner, { actor: actorOf(key) })),
    }),
    route("POST /api/sessions/claim", {
      id: "claimSession",
      summary: "Claim the conversations of an anonymous session after signing in",
      description:
        "Requires the user's credential and the session's id in `X-Session-ID`. All conversations move, or none, with " +
        "their running turns. Afterwards the session owns none of them.",
      replies: { 200: { description: "How many were claimed.", json: claimed } },
      errors: ["conflict"],
      handle: async ({ owner, key, request }) => {
        if (owner.kind !== "user") {
          throw new ChatkeepError(
            "unauthenticated",
            "Only a signed-in user can claim a session. Send the token as `Authorization: Bearer …` with the session's id.",
          );
        }
        return history.claimSession(owner, authenticateSession(request), { actor: actorOf(key) });
      },
    }),
  ];
}

async function* wireLines(lines: AsyncIterable<ExportLine>): AsyncGenerator<object, void, void> {
  for await (const line of lines) yield exportLineToWire(line);
}
