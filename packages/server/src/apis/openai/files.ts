import { ChatkeepError, type StoredFile } from "@chatkeep/protocol";
import { z } from "zod";

import { pageLimit } from "../../http/fields.ts";
import { type Route, ownerRoutes } from "../../http/route.ts";
import { readUpload } from "../../http/upload.ts";
import type { ApiServices } from "../api.ts";
import { answerFile } from "../native/files.ts";
import { openaiErrors } from "./error.ts";
import { fileIdFromOpenai, fileIdToOpenai } from "./ids.ts";

const file = z
  .object({
    id: z.string(),
    object: z.literal("file"),
    bytes: z.int(),
    created_at: z.int().meta({ description: "Unix seconds." }),
    filename: z.string(),
    purpose: z.string(),
    status: z.literal("processed"),
  })
  .meta({ id: "OpenaiFile" });
const list = z.object({
  object: z.literal("list"),
  data: z.array(file),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
});
const deleted = z.object({ id: z.string(), object: z.literal("file"), deleted: z.literal(true) });

const params = { file_id: z.string() };
/** The purpose of files that were stored without one. */
const USER_DATA = "user_data";

/** The routes of OpenAI's Files. */
export function openaiFileRoutes(services: ApiServices): Route[] {
  const { history } = services;
  const route = ownerRoutes("OpenAI Files", openaiErrors);
  return [
    route("POST /v1/files", {
      id: "openaiCreateFile",
      summary: "Upload a file",
      description:
        "A form with `file` and `purpose` (default `user_data`). The file is kept until it is deleted.",
      bytes: "The form.",
      replies: { 200: { description: "The file.", json: file } },
      errors: ["payload_too_large", "quota_exceeded"],
      handle: async ({ owner, request }) => {
        const { name, mediaType, bytes, fields } = await readUpload(request);
        const stored = await history.putFile(
          owner,
          {
            name,
            mediaType,
            get purpose() {
              if (Object.keys(fields).some((field) => field.startsWith("expires_after")))
                throw new ChatkeepError(
                  "invalid_request",
                  "Files do not expire. Leave out `expires_after`.",
                  {
                    pointer: "/expires_after",
                  },
                );
              return fields["purpose"] ?? USER_DATA;
            },
          },
          bytes,
        );
        return fileOf(stored);
      },
    }),
    route("GET /v1/files", {
      id: "openaiListFiles",
      summary: "List files",
      search: z.object({
        after: z.string().optional().meta({ description: "The `last_id` of the previous page." }),
        limit: pageLimit(10_000, 10_000),
        order: z.enum(["asc", "desc"]).optional().meta({ description: "Default `desc`: the newest first." }),
        purpose: z.string().optional(),
      }),
      replies: { 200: { description: "The files.", json: list } },
      errors: ["file_not_found"],
      handle: async ({ owner, query: { after, limit = 1000, ...query } }) => {
        const page = await history.listFiles(owner, {
          ...query,
          limit: Math.min(limit, 1000),
          after: after === undefined ? undefined : ownId(after),
        });
        const data = page.files.map(fileOf);
        const [first_id = null, last_id = null] = [data[0]?.id, data.at(-1)?.id];
        return { object: "list", data, first_id, last_id, has_more: page.hasMore };
      },
    }),
    route("GET /v1/files/{file_id}", {
      id: "openaiGetFile",
      summary: "Describe a file",
      params,
      replies: { 200: { description: "The file.", json: file } },
      handle: async ({ owner, path }) => fileOf(await history.getFile(owner, ownId(path.file_id))),
    }),
    route("GET /v1/files/{file_id}/content", {
      id: "openaiReadFile",
      summary: "Read the bytes of a file",
      params,
      replies: {
        200: { description: "The bytes.", text: { "application/octet-stream": "The bytes." } },
        206: { description: "The range.", text: { "application/octet-stream": "The bytes of the range." } },
        304: { description: "The file is the one that `If-None-Match` names." },
        416: { description: "The file has no such range." },
      },
      handle: ({ path, ...call }) => answerFile(services, call, ownId(path.file_id)),
    }),
    route("DELETE /v1/files/{file_id}", {
      id: "openaiDeleteFile",
      summary: "Permanently delete a file",
      params,
      replies: { 200: { description: "Deleted.", json: deleted } },
      handle: async ({ owner, path }) => {
        await history.deleteFile(owner, ownId(path.file_id));
        return { id: path.file_id, object: "file", deleted: true };
      },
    }),
  ];
}

function fileOf({ id, size, createdAt, name, purpose = USER_DATA }: StoredFile) {
  const created_at = Math.floor(Date.parse(createdAt) / 1000);
  return {
    id: fileIdToOpenai(id),
    object: "file",
    bytes: size,
    created_at,
    filename: name ?? "",
    purpose,
    status: "processed",
  };
}

function ownId(given: string): string {
  return fileIdFromOpenai(given) ?? "";
}
