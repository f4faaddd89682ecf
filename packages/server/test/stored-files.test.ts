import { createHash, randomBytes, randomUUID } from "node:crypto";
import { connect } from "node:net";

import { fileDatabase } from "@chatkeep/testing";
import { describe, expect, it } from "vitest";

import { type Person, newSession, startPeopleServer } from "./people.ts";

const database = await fileDatabase();
const MOST = 2_000_000;
const { url, history } = await startPeopleServer(database.url, {
  history: { limits: { fileBytes: MOST, ownerFileBytes: 3 * MOST } },
  server: { storage: { bytesPerOwner: 5 * MOST } },
});

const PNG = "image/png";

function send(path: string, { credentials }: Person, init: RequestInit = {}): Promise<Response> {
  return fetch(url + path, { ...init, headers: { ...credentials, ...(init.headers as object) } });
}

interface Stored {
  id: string;
  name: string | null;
  media_type: string;
  size: number;
  sha256: string;
}

async function put(
  person: Person,
  bytes: Uint8Array<ArrayBuffer> | string,
  type = PNG,
  name?: string,
): Promise<Stored> {
  const query = name === undefined ? "" : `?name=${encodeURIComponent(name)}`;
  const headers = { "content-type": type };
  const response = await send(`/api/files${query}`, person, { method: "POST", body: bytes, headers });
  expect(response.status).toBe(201);
  return (await response.json()) as Stored;
}

const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());

describe("an upload", () => {
  it("takes the body as it is, with its media type and the name of the query", async () => {
    const me = newSession();
    const bytes = randomBytes(700_000);
    const file = await put(me, bytes, PNG, "A cat 🐈.png");
    expect(file).toMatchObject({ name: "A cat 🐈.png", media_type: PNG, size: 700_000 });
    expect(file.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
    expect((await bytesOf(await send(`/api/files/${file.id}`, me))).equals(bytes)).toBe(true);
  });

  it("takes the file of a form, before and after other fields", async () => {
    const me = newSession();
    const bytes = randomBytes(700_000);
    const form = new FormData();
    form.append("purpose", "user_data");
    form.append("file", new Blob([bytes], { type: PNG }), "Grüße 🐈.png");
    form.append("note", "last");
    const response = await send("/api/files", me, { method: "POST", body: form });
    expect(response.status).toBe(201);
    const file = (await response.json()) as Stored;
    expect(file).toMatchObject({ name: "Grüße 🐈.png", media_type: PNG, size: 700_000 });
    expect((await bytesOf(await send(`/api/files/${file.id}`, me))).equals(bytes)).toBe(true);
  });

  it("refuses a form without a file, one that is cut off, and a media type that is none", async () => {
    const me = newSession();
    const form = new FormData();
    form.append("note", "no file");
    const cut = { "content-type": "multipart/form-data; boundary=x" };
    const head = '--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nHel';
    for (const init of [
      { body: form },
      { body: head, headers: cut },
      { body: "", headers: cut },
      { body: "x", headers: { "content-type": "multipart/form-data;" } },
      { body: "x", headers: { "content-type": "nonsense" } },
    ]) {
      const response = await send("/api/files", me, { method: "POST", ...init });
      expect([response.status, await response.json()]).toMatchObject([400, { code: "invalid_request" }]);
    }
  });

  it("refuses a file that is too large, and files that are too large together; deleting makes room", async () => {
    const me = newSession();
    const large = await send("/api/files", me, { method: "POST", body: randomBytes(MOST + 1) });
    expect([large.status, await large.json()]).toMatchObject([413, { code: "payload_too_large" }]);
    // What was written of it counts no more.
    const full = newSession();
    const files = [await put(full, randomBytes(MOST)), await put(full, randomBytes(MOST))];
    await put(full, randomBytes(MOST - 10));
    const more = await send("/api/files", full, { method: "POST", body: randomBytes(11) });
    expect([more.status, await more.json()]).toMatchObject([507, { code: "quota_exceeded" }]);
    await history.deleteFile(full.owner, files[0]!.id);
    await put(full, randomBytes(11));
  });

  it("counts against the bytes of a day", async () => {
    const me = newSession();
    for (let times = 0; times < 5; times += 1)
      await history.deleteFile(me.owner, (await put(me, randomBytes(MOST))).id);
    const more = await send("/api/files", me, { method: "POST", body: randomBytes(1) });
    expect([more.status, await more.json()]).toMatchObject([429, { code: "rate_limited" }]);
  });

  it("that its sender breaks off leaves nothing to read and nothing that counts", async () => {
    const me = newSession();
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    const headers = Object.entries({
      ...me.credentials,
      host: hostname,
      "content-length": MOST,
      "content-type": PNG,
    });
    socket.write(
      `POST /api/files HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`,
    );
    const written = async (): Promise<number> => {
      const { rows } = await database.pool.query(
        "select o.file_bytes from chatkeep.owners o join chatkeep.files f on f.owner_id = o.id where f.media_type = $1 and f.sha256 is null and f.unused_since > '-infinity'",
        [PNG],
      );
      return Number((rows[0] as { file_bytes: string } | undefined)?.file_bytes ?? 0);
    };
    socket.write(randomBytes(1_200_000));
    await expect.poll(written).toBeGreaterThan(0);
    socket.destroy();
    await expect.poll(written).toBe(0);
    const lines = [];
    for await (const line of history.exportData(me.owner)) lines.push(line);
    expect(lines).toMatchObject([{ type: "end", files: 0 }]);
  });
});

describe("a download", () => {
  it("answers ranges, and conditions on its ETag", async () => {
    const me = newSession();
    const bytes = randomBytes(20_000);
    const { id, sha256 } = await put(me, bytes);
    const read = (headers: Record<string, string>): Promise<Response> =>
      send(`/api/files/${id}`, me, { headers });
    for (const [range, from, to] of [
      ["bytes=0-0", 0, 1],
      ["bytes=8000-9000", 8000, 9001],
      ["bytes=19990-", 19_990, 20_000],
      ["bytes=-5", 19_995, 20_000],
      ["bytes=-50000", 0, 20_000],
      ["bytes=19000-99999", 19_000, 20_000],
    ] as const) {
      const response = await read({ range });
      expect([range, response.status]).toEqual([range, 206]);
      expect(response.headers.get("content-range")).toBe(`bytes ${from}-${to - 1}/20000`);
      expect((await bytesOf(response)).equals(bytes.subarray(from, to))).toBe(true);
    }
    for (const range of ["bytes=20000-", "bytes=-0"]) {
      const response = await read({ range });
      expect([response.status, response.headers.get("content-range")]).toEqual([416, "bytes */20000"]);
    }
    // What is not understood is left out, as RFC 9110 says.
    for (const range of ["bytes=2-1", "lines=1-2", "bytes=1-2,4-5", "bytes=-"]) {
      expect([range, (await read({ range })).status]).toEqual([range, 200]);
    }
    const etag = `"${sha256}"`;
    expect((await read({})).headers.get("etag")).toBe(etag);
    for (const given of [etag, `"other", W/${etag}`, "*"])
      expect((await read({ "if-none-match": given })).status).toBe(304);
    expect((await read({ range: "bytes=0-1", "if-range": etag })).status).toBe(206);
    expect((await read({ range: "bytes=0-1", "if-range": '"other"' })).status).toBe(200);
    const head = await send(`/api/files/${id}`, me, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, "20000"]);
  });

  it("is shown only if it is harmless, is an attachment else, and may run nothing", async () => {
    const me = newSession();
    for (const [type, shown] of [
      [PNG, PNG],
      ["IMAGE/PNG; charset=x", PNG],
      ["text/plain; charset=utf-16", "text/plain; charset=utf-8"],
      ["video/mp4", "video/mp4"],
      ["text/html", undefined],
      ["image/svg+xml", undefined],
      ["application/pdf", undefined],
      ["application/javascript", undefined],
      ["text/xml", undefined],
      ["image/pngx", undefined],
    ] as const) {
      const { id } = await put(me, "<script>alert(1)</script>", type, 'a"\r\nb.html');
      const { headers } = await send(`/api/files/${id}`, me);
      expect([type, headers.get("content-type")]).toEqual([type, shown ?? "application/octet-stream"]);
      expect(headers.get("content-disposition")).toBe(
        `${shown === undefined ? "attachment" : "inline"}; filename*=UTF-8''a%22%0D%0Ab.html`,
      );
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toContain("sandbox");
      expect(headers.get("cache-control")).toContain("private");
    }
  });
});

it("another's file, and one that does not exist, are not found in the same words", async () => {
  const me = newSession();
  const { id } = await put(me, "mine");
  const answers = await Promise.all(
    [id, randomUUID()].map(async (named) => {
      const response = await send(`/api/files/${named}`, newSession());
      const { instance: _, ...problem } = (await response.json()) as { instance: string };
      return [response.status, problem];
    }),
  );
  expect(answers[0]).toEqual(answers[1]);
  expect(answers[0]![0]).toBe(404);
});
