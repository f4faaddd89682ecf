import { fileDatabase } from "@chatkeep/testing";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { type Host, openHost } from "./host.ts";

const database = await fileDatabase();
let host: Host;
beforeAll(async () => {
  host = await openHost("react", database.url);
});
afterAll(() => host[Symbol.asyncDispose]());

/** A red picture of 2 by 1. */
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR4nGP4z8AARAAI/gH/xp559wAAAABJRU5ErkJggg==",
  "base64",
);
const picture = { name: "heron.png", mimeType: "image/png", buffer: PNG };
const note = { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("Herons nest in trees.") };

const field = (page: Page) => page.getByLabel("Your question");
const attached = (page: Page) => page.getByRole("list", { name: "Attached files" }).locator("li");
const pick = (page: Page, files: (typeof picture)[]): Promise<void> =>
  page.locator("input[type=file]").setInputFiles(files);
/** The middle of each picture that is shown, as red, green and blue. */
const colours = (page: Page): Promise<number[][]> =>
  page.locator(".ck-question canvas").evaluateAll((all) =>
    all.map((canvas) => {
      const { data } = (canvas as HTMLCanvasElement).getContext("2d")!.getImageData(0, 0, 1, 1);
      return Array.from(data.slice(0, 3));
    }),
  );
/** Gives files as a browser does that pastes or drops them. */
const give = (page: Page, event: "paste" | "drop"): Promise<void> =>
  field(page).evaluate(
    (element, [kind, bytes]) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(bytes)], `${kind}.png`, { type: "image/png" }));
      const init = { bubbles: true, cancelable: true };
      element.dispatchEvent(
        kind === "paste"
          ? new ClipboardEvent("paste", { ...init, clipboardData: data })
          : new DragEvent("drop", { ...init, dataTransfer: data }),
      );
    },
    [event, [...PNG]] as const,
  );

async function conversationOf(page: Page): Promise<string> {
  await page.waitForURL(/#./);
  return new URL(page.url()).hash.slice(1);
}

test("files by button, paste and drop go with the question, and are there after a reload and on another device", async () => {
  await using person = await host.person();
  const page = await person.open();
  await page.getByRole("button", { name: "Attach files" }).waitFor();
  await pick(page, [picture, note]);
  await give(page, "paste");
  await give(page, "drop");
  await expect
    .poll(() => attached(page).locator("bdi").allInnerTexts())
    .toEqual(["heron.png", "notes.txt", "paste.png", "drop.png"]);
  await page.getByRole("button", { name: "Remove drop.png" }).click();
  await page.getByText("Uploading…").first().waitFor({ state: "detached" });
  await field(page).fill("What is this?");
  await page.keyboard.press("Enter");
  expect(await attached(page).count()).toBe(0);
  const id = await conversationOf(page);
  const run = await host.script.started(id);
  expect(run.request.question.parts).toMatchObject([
    {
      type: "file",
      name: "heron.png",
      mime: "image/png",
      url: `data:image/png;base64,${PNG.toString("base64")}`,
    },
    { type: "file", name: "notes.txt", mime: "text/plain" },
    { type: "file", name: "paste.png" },
    { type: "text", text: "What is this?" },
  ]);
  await run.emit("A heron.");
  run.finish();
  await page.getByText("A heron.").waitFor();
  await using device = await host.person(person.owner);
  await page.reload();
  for (const shown of [page, await device.open(id)]) {
    await expect
      .poll(() => colours(shown))
      .toEqual([
        [255, 0, 0],
        [255, 0, 0],
      ]);
    const saved = shown.waitForEvent("download");
    await shown.getByRole("button", { name: /notes\.txt/ }).click();
    expect((await saved).suggestedFilename()).toBe("notes.txt");
  }
});

test("a picture alone is a question", async () => {
  await using person = await host.person();
  const page = await person.open();
  await page.getByRole("button", { name: "Attach files" }).waitFor();
  await pick(page, [picture]);
  await page.getByRole("button", { name: "Send", exact: true }).click();
  const run = await host.script.started(await conversationOf(page));
  expect(run.request.question.parts).toMatchObject([{ type: "file", name: "heron.png" }]);
  run.finish();
});

test("a file that is refused is told of beside the composer, and one that cannot be sent can be retried; nothing is lost", async () => {
  await using person = await host.person();
  const page = await person.open();
  await page.getByRole("button", { name: "Attach files" }).waitFor();
  await field(page).fill("Half a thought");
  const detail = "The file has more than 64 MiB.";
  await person.context.route("**/api/files*", (route) =>
    route.fulfill({
      status: 413,
      contentType: "application/problem+json",
      body: JSON.stringify({ status: 413, code: "payload_too_large", detail }),
    }),
  );
  await pick(page, [picture]);
  await page.getByRole("alert").getByText(detail).waitFor();
  expect(await page.getByRole("button", { name: "Send", exact: true }).isDisabled()).toBe(true);
  await person.context.unroute("**/api/files*");
  await page.getByRole("button", { name: "Retry" }).click();
  await page.getByRole("alert").getByText(detail).waitFor({ state: "detached" });
  expect(await field(page).inputValue()).toBe("Half a thought");

  // The question itself is not taken: its text and its file go back.
  await person.context.route("**/turns", (route) => route.fulfill({ status: 401, body: "{}" }));
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("Not sent.").waitFor();
  await page.reload();
  await page.getByText("Not sent.").waitFor();
  await page.getByRole("button", { name: "Edit" }).click();
  await expect.poll(() => attached(page).locator("bdi").allInnerTexts()).toEqual(["heron.png"]);
  expect(await field(page).inputValue()).toBe("Half a thought");
  await person.context.unroute("**/turns");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  const run = await host.script.started(await conversationOf(page));
  expect(run.request.question.parts).toMatchObject([{ name: "heron.png" }, { text: "Half a thought" }]);
  run.finish();
});
