import { setImmediate as afterThis } from "node:timers/promises";

import { describe, expect, it } from "vitest";

import { readUpload } from "./upload.ts";

const HEAD = '--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nHel';

/** The first part of a form, whose sender is still there. */
function openForm(): { request: Request; cut(): void; cancelled: Promise<void> } {
  const { promise: cancelled, resolve } = Promise.withResolvers<void>();
  let cut = (): void => undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(Buffer.from(HEAD));
      cut = () => controller.error(new Error("The sender is gone."));
    },
    cancel: () => resolve(),
  });
  const headers = { "content-type": "multipart/form-data; boundary=x" };
  const init = { method: "POST", body, headers, duplex: "half" };
  return { request: new Request("http://localhost/api/files", init), cut: () => cut(), cancelled };
}

describe("a form", () => {
  it("that breaks off before its file is read fails its reader, and nothing else", async () => {
    const { request, cut } = openForm();
    const { bytes } = await readUpload(request);
    cut();
    // An error that nobody listens for would end the process here.
    await afterThis();
    await expect(bytes[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "invalid_request" });
  });

  it("whose reader stops early is not read further", async () => {
    const { request, cancelled } = openForm();
    const { bytes } = await readUpload(request);
    for await (const piece of bytes) {
      expect(Buffer.from(piece).toString()).toBe("Hel");
      break;
    }
    await cancelled;
  });
});
