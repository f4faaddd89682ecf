import { createLog } from "@chatkeep/server";
import {
  createDatabase,
  freePort,
  openBrowser,
  startChatkeep,
  startIssuer,
  startPostgres,
} from "@chatkeep/testing";
import { axeViolations } from "@chatkeep/testing/page";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";

import { createSignIn } from "../src/sign-in/sign-in.ts";
import { answered, ask, readTranscript, titlesOf } from "./page-view.ts";

const postgres = await startPostgres();
const database = await createDatabase({ server: postgres.url("postgres"), contents: "empty" });
const port = String(await freePort());
const issuer = await startIssuer({ clientUrl: `http://127.0.0.1:${port}` });
const chatkeep = await startChatkeep({
  env: {
    DATABASE_URL: database.url,
    PORT: port,
    CHATKEEP_OIDC_ISSUER: issuer.url,
    CHATKEEP_OIDC_CLIENT_ID: issuer.clientId,
    CHATKEEP_OIDC_CLIENT_SECRET: issuer.clientSecret,
  },
});
const { url } = chatkeep;
const browser = await openBrowser();
afterAll(async () => {
  await browser.close();
  await chatkeep[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
  await database.pool.end();
  await postgres.remove();
});

async function openPage(): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

const settings = (page: Page) => page.getByRole("dialog", { name: "Settings" });

/** Signs in at the issuer's own pages. */
async function signIn(page: Page, login: string): Promise<void> {
  await settings(page).getByRole("button", { name: "Sign in", exact: true }).click();
  await page.locator("input[name=login]").fill(login);
  await page.locator("input[name=password]").fill("any");
  await page.locator("button[type=submit]").click();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.waitForURL(`${url}/**`);
}

test("people sign in with the issuer; the open conversation goes along; no script reads a token; they sign out", async () => {
  const page = await openPage();
  await ask(page, "How do I start Chatkeep?");
  await answered(page, 1);
  const before = await readTranscript(page);
  const id = new URL(page.url()).searchParams.get("c")!;
  const session = await page.evaluate(() => localStorage.getItem("chatkeep-session-id")!);
  await page.getByRole("button", { name: "Settings" }).click();
  await settings(page).getByText("Bring this browser’s conversations along").waitFor();
  expect(await axeViolations(page)).toEqual([]);
  const violations: string[] = [];
  page.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) violations.push(message.text());
  });
  await signIn(page, "ada");
  await answered(page, 1);
  expect(await readTranscript(page)).toEqual(before);
  expect(new URL(page.url()).searchParams.get("c")).toBe(id);
  await page.getByText("Signed in as ada Lovelace").waitFor();
  await expect.poll(() => titlesOf(page)).toEqual(["How do I start Chatkeep?"]);

  await ask(page, "And how do I stop it?");
  await answered(page, 2);
  await page.reload();
  await answered(page, 2);
  const seen = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie]));
  expect(seen).not.toMatch(/eyJ|ada/);
  const kept = (await page.context().cookies()).find(({ name }) => name === "chatkeep-user");
  expect(kept).toMatchObject({ httpOnly: true, sameSite: "Lax" });
  const asSession = (path: string): Promise<Response> =>
    fetch(url + path, { headers: { "x-session-id": session } });
  expect((await asSession(`/api/conversations/${id}`)).status).toBe(403);

  await page.getByRole("button", { name: "Settings" }).click();
  await settings(page).getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Yes, sign me out" }).click();
  await page.waitForURL(`${url}/`);
  await page.getByText("Your conversations will appear here.").waitFor();
  const cookies = (await page.context().cookies(url)).map(({ name }) => name);
  expect(cookies.filter((name) => name.startsWith("chatkeep-"))).toEqual([]);
  expect(violations).toEqual([]);
  await page.context().close();
});

test("what the box does not tick stays in the browser; who signs in again finds their own", async () => {
  const page = await openPage();
  await ask(page, "Whose is this?");
  await answered(page, 1);
  await page.getByRole("button", { name: "Settings" }).click();
  await settings(page).getByText("Bring this browser’s conversations along").click();
  await signIn(page, "grace");
  await page.getByText("Signed in as grace Lovelace").waitFor();
  await page.getByText("Conversation not found").waitFor();
  await expect.poll(() => titlesOf(page)).toEqual([]);
  await page.context().close();
});

test("a cookie alone is nobody's, a changed one neither; a callback that this browser did not begin signs nobody in", async () => {
  const page = await openPage();
  await page.getByRole("button", { name: "Settings" }).click();
  await signIn(page, "ada");
  await page.getByText("Signed in as ada Lovelace").waitFor();
  const { value } = (await page.context().cookies()).find(({ name }) => name === "chatkeep-user")!;
  const send = (headers: Record<string, string>): Promise<Response> =>
    fetch(`${url}/api/conversations`, { headers });
  const cookie = `chatkeep-user=${value}`;
  expect((await send({ cookie, "x-signed-in": "1" })).status).toBe(200);
  expect((await send({ cookie })).status).toBe(401);
  expect((await send({ cookie: `${cookie}x`, "x-signed-in": "1" })).status).toBe(401);
  const asOther = { cookie: `chatkeep-signing-in=${value}` };
  const get = (path: string, headers = {}): Promise<Response> =>
    fetch(url + path, { redirect: "manual", headers });
  for (const headers of [{}, asOther]) {
    const refused = await get("/api/auth/callback?code=x&state=y", headers);
    expect(refused.headers.get("location")).toBe(`${url}/?sign-in=failed`);
    expect(refused.headers.getSetCookie().join()).not.toContain("chatkeep-user");
  }
  expect((await fetch(`${url}/api/auth/logout`, { method: "POST", headers: { cookie } })).status).toBe(403);
  const begun = await get("/api/auth/login?c=//evil.example");
  const { searchParams, origin } = new URL(begun.headers.get("location")!);
  expect(origin).toBe(issuer.url);
  expect(searchParams.get("code_challenge_method")).toBe("S256");
  expect(searchParams.get("redirect_uri")).toBe(`${url}/api/auth/callback`);
  await page.context().close();
});

test("somebody who turns back at the issuer, or finds none, is told, and stays who they were", async () => {
  const page = await openPage();
  await page.goto(`${url}/api/auth/callback?error=access_denied&state=x`);
  await page.getByRole("alert").getByText("the sign-in did not come to its end").waitFor();
  expect(new URL(page.url()).search).toBe("");
  expect(await axeViolations(page)).toEqual([]);
  await ask(page, "Does it still work?");
  await answered(page, 1);
  await page.context().close();

  const client = { issuer: `http://localhost:${await freePort()}`, clientId: "x", clientSecret: "y" };
  const unreached = createSignIn({
    ...client,
    redirectUrl: "https://chat.example.org/deep/api/auth/callback",
    log: createLog({ level: "silent" }),
  });
  const refused = await unreached.fetch(new Request(`${url}/api/auth/login?c=one`));
  expect(refused?.headers.get("location")).toBe("https://chat.example.org/deep/?c=one&sign-in=failed");
});
