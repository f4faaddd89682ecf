import { type FileRange, type Owner, type StoredFile, type WireFile, fileToWire } from "@chatkeep/protocol";
import { z } from "zod";

import { id, pageLimit, queryText, time } from "../../http/fields.ts";
import { type Call, type Route, ownerRoutes } from "../../http/route.ts";
import { privateJson } from "../../http/router.ts";
import { streamBytes } from "../../http/stream.ts";
import { readUpload } from "../../http/upload.ts";
import type { ApiServices } from "../api.ts";

/** A file. */
export const file: z.ZodType<WireFile> = z
  .strictObject({
    id,
    name: z.string().nullable(),
    media_type: z.string(),
    size: z.int(),
    sha256: z.string(),
    created_at: time,
    purpose: z.string().optional().meta({ description: "For what a client of OpenAI's stored it." }),
  })
  .meta({ id: "File" });

/** The routes of files. */
export function fileRoutes(services: ApiServices): Route[] {
  const { history } = services;
  const route = ownerRoutes("Files");
  return [
    route("POST /api/files", {
      id: "putFile",
      summary: "Store a file",
      description:
        "The body is the file, with its `Content-Type`, or a form (`multipart/form-data`) with a file. A file that no " +
        "message refers to is deleted after a day.",
      search: z.strictObject({
        name: queryText.optional().meta({ description: "The name of the file." }),
        purpose: z
          .string()
          .max(100)
          .optional()
          .meta({ description: "A file with a purpose is kept until it is deleted." }),
      }),
      bytes: "The bytes of the file.",
      replies: { 201: { description: "The file.", json: file } },
      errors: ["payload_too_large", "quota_exceeded"],
      handle: async ({ owner, query, request }) => {
        const { name, mediaType, bytes } = await readUpload(request);
        const init = { name: query.name ?? name, mediaType, purpose: query.purpose };
        const stored = await history.putFile(owner, init, bytes);
        return privateJson(fileToWire(stored), 201, { location: `/api/files/${stored.id}` });
      },
    }),
    route("GET /api/files", {
      id: "listFiles",
      summary: "List files",
      search: z.strictObject({
        after: id.optional().meta({ description: "The id of the last file of the page before." }),
        limit: pageLimit(1000, 100),
        order: z.enum(["asc", "desc"]).optional().meta({ description: "Default `desc`: the newest first." }),
        purpose: z.string().optional(),
      }),
      replies: {
        200: {
          description: "The files.",
          json: z.strictObject({ data: z.array(file), has_more: z.boolean() }),
        },
      },
      errors: ["file_not_found"],
      handle: async ({ owner, query }) => {
        const { files, hasMore } = await history.listFiles(owner, query);
        return { data: files.map(fileToWire), has_more: hasMore };
      },
    }),
    route("GET /api/files/{file_id}", {
      id: "readFile",
      summary: "Read the bytes of a file",
      description:
        "Pictures, sound, films and plain text are sent with their media type. Everything else is sent as an attachment " +
        "without one, so that no file runs scripts on this site. Takes `Range`, `If-Range` and `If-None-Match`.",
      replies: {
        200: { description: "The bytes.", text: { "application/octet-stream": "The bytes." } },
        206: { description: "The range.", text: { "application/octet-stream": "The bytes of the range." } },
        304: { description: "The file is the one that `If-None-Match` names." },
        416: { description: "The file has no such range." },
      },
      handle: ({ path, ...call }) => answerFile(services, call, path.file_id),
    }),
    route("GET /api/files/{file_id}/info", {
      id: "getFile",
      summary: "Describe a file",
      replies: { 200: { description: "The file.", json: file } },
      handle: async ({ owner, path }) => fileToWire(await history.getFile(owner, path.file_id)),
    }),
    route("DELETE /api/files/{file_id}", {
      id: "deleteFile",
      summary: "Permanently delete a file",
      description: "Messages that refer to it stay.",
      replies: { 204: { description: "Deleted." } },
      handle: async ({ owner, path }) => {
        await history.deleteFile(owner, path.file_id);
        return null;
      },
    }),
  ];
}

/** Sends the bytes of a file, or the range that the request names. */
export async function answerFile(
  { history, log }: Pick<ApiServices, "history" | "log">,
  { owner, ...call }: Call & { readonly owner: Owner },
  id: string,
): Promise<Response> {
  const stored = await history.getFile(owner, id);
  return sendFile({ log }, call, { stored, read: (range) => history.readFile(owner, stored.id, range) });
}

/** Sends the bytes of a file that was found, or the range that the request names. */
export async function sendFile(
  { log }: Pick<ApiServices, "log">,
  call: Call,
  file: {
    readonly stored: StoredFile;
    readonly read: (range: FileRange) => AsyncIterable<Uint8Array>;
  },
): Promise<Response> {
  const { request } = call;
  const { stored, read } = file;
  const headers = headersOf(stored);
  if (listed(request.headers.get("if-none-match"), headers["etag"]!))
    return new Response(null, { status: 304, headers });
  const ifRange = request.headers.get("if-range");
  const isSame = ifRange === null || ifRange === headers["etag"];
  const range = isSame ? rangeOf(request.headers.get("range"), stored.size) : undefined;
  if (range === "none") {
    headers["content-range"] = `bytes */${stored.size}`;
    return new Response(null, { status: 416, headers });
  }
  const { start, end } = range ?? { start: 0, end: stored.size };
  headers["content-length"] = String(end - start);
  if (range !== undefined) headers["content-range"] = `bytes ${start}-${end - 1}/${stored.size}`;
  const answer = { status: range === undefined ? 200 : 206, headers };
  if (request.method === "HEAD" || start === end) return new Response(null, answer);
  return streamBytes({
    ...call,
    ...answer,
    pieces: read({ start, end }),
    log,
  });
}

/** Media types that a browser shows without running anything. SVG and HTML run scripts; a PDF may. */
const HARMLESS =
  /^(image\/(png|jpeg|gif|webp|avif|bmp)|(audio|video)\/(mpeg|mp4|ogg|webm|wav|x-wav|aac|flac|quicktime)|text\/plain)\s*(;|$)/i;

function headersOf({ name, mediaType, sha256 }: StoredFile): Record<string, string> {
  const isHarmless = HARMLESS.test(mediaType);
  const isText = /^text\/plain/i.test(mediaType);
  return {
    "content-type": !isHarmless
      ? "application/octet-stream"
      : isText
        ? "text/plain; charset=utf-8"
        : mediaType.split(";", 1)[0]!.toLowerCase(),
    "content-disposition": `${isHarmless ? "inline" : "attachment"}${name === null ? "" : nameParameter(name)}`,
    // Whatever a browser takes the bytes for, they run nothing and load nothing.
    "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "cache-control": "private, no-cache",
    "accept-ranges": "bytes",
    etag: `"${sha256}"`,
  };
}

/** The name as RFC 8187 writes it. */
function nameParameter(name: string): string {
  const text = encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `; filename*=UTF-8''${text}`;
}

function listed(header: string | null, etag: string): boolean {
  return (
    header?.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag || tag.trim() === "*") === true
  );
}

/** One range of RFC 9110; `undefined` for the whole file, as for a header that is not understood; `none` beyond its end. */
function rangeOf(
  header: string | null,
  size: number,
): { readonly start: number; readonly end: number } | "none" | undefined {
  const [, first = "", last = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (first !== "" && last !== "" && Number(last) < start) return undefined;
  return start >= size ? "none" : { start, end };
}
