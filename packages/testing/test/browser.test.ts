import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { expect, test } from "vitest";

import { openBrowser } from "../src/browser.ts";

test("the browser shows a page of this machine with its letters, and can be clicked", async () => {
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(
      `<h1 style="display:inline">Chatkeep</h1><br><button onclick="this.textContent='kept'">keep</button>`,
    );
  }).listen(0, "127.0.0.1");
  const browser = await openBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.getByRole("button").click();
    expect(await page.getByRole("button").textContent()).toBe("kept");
    // Without a font every letter is 0 wide.
    expect((await page.getByRole("heading").boundingBox())?.width).toBeGreaterThan(80);
    expect((await page.screenshot()).byteLength).toBeGreaterThan(2_000);
  } finally {
    await browser.close();
    server.close();
  }
});
