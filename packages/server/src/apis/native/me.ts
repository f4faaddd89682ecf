import { type ExportLine, erasureReceiptToWire, exportLineToWire } from "@chatkeep/protocol";

import { streamLines } from "../../http/lines.ts";
import { type Route, ownerRoute } from "../../http/route.ts";
import { actorOf } from "../../identity/caller.ts";
import type { ApiServices } from "../api.ts";
import { erasureReceipt } from "../schema/personal-data.ts";

/** The routes of all that is kept of one person. */
export function meRoutes({ history, log }: ApiServices): Route[] {
  return [
    ownerRoute({
      id: "exportData",
      method: "GET",
      path: "/api/me/export",
      tag: "Personal data",
      summary: "Export all data of the caller",
      description:
        "JSON Lines: each conversation, archived and deleted ones too, followed by its messages; an `end` line with " +
        "the counts is the last. A file without it was cut off. The export is recorded in the audit log.",
      replies: {
        200: {
          description: "The file.",
          text: { "application/jsonl": "Lines of `conversation`, `message` and `end`." },
        },
      },
      handle: async ({ owner, key, request, cut }) => {
        if (request.method === "HEAD") return lines(null);
        const exported = history.exportData(owner, { actor: actorOf(key) });
        return lines(await streamLines({ lines: wireLines(exported), request, cut, log }));
      },
    }),
    ownerRoute({
      id: "eraseData",
      method: "DELETE",
      path: "/api/me",
      tag: "Personal data",
      summary: "Permanently erase all data of the caller",
      description: "Includes the trash. This cannot be undone. The receipt is kept in the audit log.",
      replies: { 200: { description: "The receipt.", json: erasureReceipt } },
      handle: async ({ owner, key }) =>
        erasureReceiptToWire(await history.eraseData(owner, { actor: actorOf(key) })),
    }),
  ];
}

async function* wireLines(exported: AsyncIterable<ExportLine>): AsyncGenerator<object, void, void> {
  for await (const line of exported) yield exportLineToWire(line);
}

function lines(body: ReadableStream<Uint8Array> | null): Response {
  return new Response(body, {
    headers: {
      "content-type": "application/jsonl; charset=utf-8",
      "content-disposition": 'attachment; filename="chatkeep-export.jsonl"',
      "cache-control": "no-store",
    },
  });
}
