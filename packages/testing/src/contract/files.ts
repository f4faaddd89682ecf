import { createHash, randomBytes, randomUUID } from "node:crypto";

import type { FileRange, History, MessageQuery, Owner } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type OpenedFixture, errorOf } from "./fixture.ts";

const PNG = { mediaType: "image/png", name: "A cat 🐈.png" };

/** putFile, getFile, readFile and deleteFile. */
export function describeFiles(open: OpenedFixture): void {
  describe("putFile", () => {
    it.each([0, 1, 8096, 8097, 518_144, 1_300_000])(
      "stores %i bytes, which another node reads back",
      async (size) => {
        const fixture = open();
        const me = fixture.owner();
        const bytes = randomBytes(size);
        const file = await fixture.history.putFile(me, PNG, bytes);
        const { id, createdAt } = file;
        expect(file).toEqual({ ...PNG, id, createdAt, size, sha256: sha256Of(bytes) });
        await using other = await fixture.asRestarted();
        expect(await other.getFile(me, id)).toEqual(file);
        expect((await readWhole(other, me, id)).equals(bytes)).toBe(true);
      },
    );

    it("takes bytes of any source, in pieces of any length", async () => {
      const { history, owner } = open();
      const me = owner();
      const bytes = randomBytes(600_000);
      const pieces = async function* (): AsyncGenerator<Uint8Array> {
        for (let from = 0; from < bytes.length; from += 7_777) yield bytes.subarray(from, from + 7_777);
      };
      for (const source of [pieces(), new Blob([bytes])]) {
        const { id, name } = await history.putFile(me, { mediaType: "application/x-any" }, source);
        expect(name).toBeNull();
        expect((await readWhole(history, me, id)).equals(bytes)).toBe(true);
      }
    });

    it("refuses a media type that is none", async () => {
      const { history, owner } = open();
      for (const mediaType of ["picture", "image/png\u00e9", "a/b/c"]) {
        const put = history.putFile(owner(), { mediaType }, randomBytes(1));
        expect((await errorOf(put))?.code).toBe("invalid_request");
      }
    });
  });

  describe("listFiles", () => {
    it("yields pages of one's own files in the order of their creation, with their purposes", async () => {
      const { history, owner } = open();
      const [me, stranger] = [owner(), owner()];
      await history.putFile(stranger, PNG, randomBytes(1));
      const ids: string[] = [];
      for (const purpose of [undefined, "vision", "vision", undefined, "batch"])
        ids.push((await history.putFile(me, { ...PNG, purpose }, randomBytes(9))).id);
      const all = await history.listFiles(me);
      expect(all.hasMore).toBe(false);
      expect(all.files.map(({ id }) => id)).toEqual(ids.toReversed());
      for (const file of all.files) expect(await history.getFile(me, file.id)).toEqual(file);
      const page = await history.listFiles(me, { order: "asc", limit: 2, after: ids[0] });
      expect(page).toMatchObject({ files: [{ id: ids[1] }, { id: ids[2] }], hasMore: true });
      const visions = await history.listFiles(me, { purpose: "vision" });
      expect(visions.files.map(({ id, purpose }) => [id, purpose])).toEqual([
        [ids[2], "vision"],
        [ids[1], "vision"],
      ]);
      for (const after of [(await history.listFiles(stranger)).files[0]!.id, randomUUID(), "none"])
        expect((await errorOf(history.listFiles(me, { after })))?.code).toBe("file_not_found");
    });
  });

  describe("readFile", () => {
    it("yields any range", async () => {
      const { history, owner } = open();
      const me = owner();
      const bytes = randomBytes(530_000);
      const { id } = await history.putFile(me, PNG, bytes);
      for (const range of [
        { start: 0, end: 1 },
        { start: 8095, end: 8098 },
        { start: 518_000, end: 518_500 },
        { start: 529_999 },
        { start: 100, end: 10_000_000 },
        { end: 9 },
        { start: 530_000 },
        { start: 9, end: 9 },
        { start: 9, end: 8 },
        { start: Number.MAX_SAFE_INTEGER - 1 },
      ]) {
        const expected = bytes.subarray(range.start ?? 0, range.end);
        expect((await readWhole(history, me, id, range)).equals(expected)).toBe(true);
      }
    });

    it("gives nobody another's file, and none that does not exist", async () => {
      const { history, owner } = open();
      const [me, stranger] = [owner(), owner()];
      const { id } = await history.putFile(me, PNG, randomBytes(10));
      for (const named of [id, randomUUID(), "none"]) {
        expect((await errorOf(history.getFile(stranger, named)))?.code).toBe("file_not_found");
        for (const range of [{}, { start: 3, end: 3 }, { start: Number.MAX_SAFE_INTEGER }])
          expect((await errorOf(readWhole(history, stranger, named, range)))?.code).toBe("file_not_found");
        expect((await errorOf(history.deleteFile(stranger, named)))?.code).toBe("file_not_found");
      }
      expect((await history.getFile(me, id)).id).toBe(id);
    });
  });

  describe("deleteFile", () => {
    it("deletes it for good; a second time it does not exist", async () => {
      const { history, owner } = open();
      const me = owner();
      const { id } = await history.putFile(me, PNG, randomBytes(10));
      await history.deleteFile(me, id);
      expect((await errorOf(history.getFile(me, id)))?.code).toBe("file_not_found");
      expect((await errorOf(readWhole(history, me, id)))?.code).toBe("file_not_found");
      expect((await errorOf(history.deleteFile(me, id)))?.code).toBe("file_not_found");
    });
  });

  describe("a picture in a message", () => {
    const bytes = randomBytes(30_000);
    const url = `data:image/png;charset=x;base64,${bytes.toString("base64")}`;
    const picture = { type: "file", url, mime: "image/png", name: "a.png" } as const;

    it("that came as a data URL is given back as it was sent, and on request by its address", async () => {
      const { history, owner } = open();
      const me = owner();
      const { conversation } = await history.createConversation(me);
      const message = {
        id: randomUUID(),
        role: "user" as const,
        parts: [picture, { ...picture, name: "b" }],
      };
      // A retry is the same message.
      for (let times = 0; times < 2; times += 1) {
        const [stored] = await history.appendMessages(me, conversation.id, [message]);
        expect(stored!.parts).toEqual(message.parts);
      }
      expect((await history.getMessage(me, conversation.id, message.id)).parts).toEqual(message.parts);
      const [read] = (await history.listMessages(me, conversation.id)).messages;
      expect(read!.parts).toEqual(message.parts);
      const [named] = (await history.listMessages(me, conversation.id, { files: "url" })).messages;
      const [one, other] = named!.parts as unknown as { file: string; url: string }[];
      expect(one).toMatchObject({ url: `/api/files/${one!.file}`, size: 30_000, sha256: sha256Of(bytes) });
      // Stored once.
      expect(other!.file).toBe(one!.file);
      expect((await readWhole(history, me, one!.file)).equals(bytes)).toBe(true);
      const fork = await history.forkConversation(me, conversation.id, message.id);
      expect((await history.listMessages(me, fork.id)).messages[0]!.parts).toEqual(message.parts);
    });

    it("makes a page shorter: its files have 3 MiB together, besides one message", async () => {
      const { history, owner } = open();
      const me = owner();
      const { conversation } = await history.createConversation(me);
      const large = `data:image/png;base64,${randomBytes(1_200_000).toString("base64")}`;
      for (const id of ["1", "2", "3", "4", "5"]) {
        const parts = [{ ...picture, url: large }];
        await history.appendMessages(me, conversation.id, [{ id, role: "user", parts }]);
      }
      const list = async (query: MessageQuery): Promise<[string, boolean]> => {
        const { messages, hasMore } = await history.listMessages(me, conversation.id, query);
        for (const { parts } of query.files === "url" ? [] : messages)
          expect(parts).toEqual([{ ...picture, url: large }]);
        return [messages.map(({ id }) => id).join(""), hasMore];
      };
      expect(await list({})).toEqual(["345", true]);
      expect(await list({ before: 3 })).toEqual(["12", false]);
      expect(await list({ after: 1 })).toEqual(["234", true]);
      expect(await list({ around: 4 })).toEqual(["2345", true]);
      expect(await list({ branches: "all" })).toEqual(["345", true]);
      expect(await list({ branches: "all", after: 1 })).toEqual(["234", true]);
      expect(await list({ files: "url" })).toEqual(["12345", false]);
    });

    it("of any other form is given back as it was sent", async () => {
      const { history, owner } = open();
      const me = owner();
      const { conversation } = await history.createConversation(me);
      const urls = [
        "data:image/png;base64,",
        "data:;base64,QUI=",
        "data:image/png;base64,QUI",
        "data:image/png;base64,QUJ=",
        "data:image/png;base64,Q U I=",
        "data:,hello",
        "data:text/plain,%00%ff",
        "data:image/png;base64",
        "DATA:image/PNG;BASE64,QUI=",
        "Data:image/png;charset=x;Base64,QUI=",
        "https://example.org/a.png",
        "",
      ];
      const parts = urls.map((given) => ({ ...picture, url: given }));
      const [stored] = await history.appendMessages(me, conversation.id, [{ role: "user", parts }]);
      expect(stored!.parts).toEqual(parts);
      expect((await history.listMessages(me, conversation.id)).messages[0]!.parts).toEqual(parts);
    });

    it("reaches the responder as bytes, and its own picture reaches readers, live and stored", async () => {
      const { history, owner, responder } = open();
      const me = owner();
      const { conversation } = await history.createConversation(me);
      const uploaded = await history.putFile(me, PNG, bytes);
      const sent = { type: "file", file: uploaded.id, url: "", mime: "" } as const;
      const { events } = await history.startTurn(me, conversation.id, {
        parts: [{ type: "text", text: "What is it?" }, picture, sent],
      });
      const run = await responder.started(conversation.id);
      const [, first, second] = run.request.question.parts;
      expect(first).toEqual(picture);
      expect(second).toMatchObject({ url: `data:image/png;base64,${bytes.toString("base64")}` });
      await run.emit({ type: "file", url, mime: "image/png" });
      run.finish();
      const chunks = [];
      for await (const { chunk } of events) if (chunk.type === "file") chunks.push(chunk);
      expect(chunks).toEqual([{ type: "file", url, mediaType: "image/png" }]);
      const [question, answer] = (await history.listMessages(me, conversation.id)).messages;
      expect(answer!.parts).toEqual([{ type: "file", url, mime: "image/png" }]);
      expect(question!.parts[2]).toMatchObject({
        url: `/api/files/${uploaded.id}`,
        mime: "image/png",
        name: PNG.name,
        size: 30_000,
      });
    });

    it("cannot be another's file, whatever its part says", async () => {
      const { history, owner } = open();
      const [me, stranger] = [owner(), owner()];
      const { id } = await history.putFile(me, PNG, bytes);
      const { conversation } = await history.createConversation(stranger);
      const append = (part: object): Promise<unknown> =>
        history.appendMessages(stranger, conversation.id, [
          { role: "user", parts: [{ ...picture, ...part }] },
        ]);
      for (const file of [id, randomUUID(), "none"]) {
        expect((await errorOf(append({ file, url: "" })))?.code).toBe("file_not_found");
      }
      await append({ file: id, url: "data:image/png;base64," });
      await append({ file: id, url: "data:,x" });
      for (const { parts } of (await history.listMessages(stranger, conversation.id)).messages)
        expect(JSON.stringify(parts)).not.toContain(id);
    });
  });

  it("an export holds each file with its bytes; an erasure counts and erases them", async () => {
    const { history, owner } = open();
    const me = owner();
    const contents = [randomBytes(700_000), randomBytes(0), randomBytes(10)];
    for (const bytes of contents) await history.putFile(me, PNG, bytes);
    const exported = new Map<string, Buffer[]>();
    let sha256 = "";
    for await (const line of history.exportData(me)) {
      if (line.type === "file") exported.set((sha256 = line.file.sha256), []);
      if (line.type === "bytes") exported.get(sha256)!.push(Buffer.from(line.bytes, "base64"));
    }
    expect(exported.size).toBe(3);
    for (const bytes of contents) {
      expect(Buffer.concat(exported.get(sha256Of(bytes))!).equals(bytes)).toBe(true);
    }
    expect((await history.eraseData(me)).files).toBe(3);
    for await (const line of history.exportData(me)) expect(line).toMatchObject({ type: "end", files: 0 });
  });

  it("a claim moves files to the user", async () => {
    const { history, owner } = open();
    const me = owner();
    if (me.kind === "session") return;
    const session: Owner = { kind: "session", id: randomUUID() };
    const bytes = randomBytes(20_000);
    const { id } = await history.putFile(session, PNG, bytes);
    await history.claimSession(me, session);
    expect((await readWhole(history, me, id)).equals(bytes)).toBe(true);
    expect((await errorOf(history.getFile(session, id)))?.code).toBe("file_not_found");
  });
}

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function readWhole(history: History, owner: Owner, id: string, range?: FileRange): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of history.readFile(owner, id, range)) pieces.push(piece);
  return Buffer.concat(pieces);
}
