import { once } from "node:events";
import { type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { fileDatabase, openBrowser } from "@chatkeep/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { newSession, startPeopleServer } from "../people.ts";

const database = await fileDatabase();
// Service workers send no header of ours: whoever asks is the victim, whose file it is.
const { owner } = newSession();
const { url, history } = await startPeopleServer(database.url, {
  server: { authenticate: () => Promise.resolve(owner) },
});

interface Hostile {
  readonly type: string;
  readonly text: string;
  readonly name?: string;
}

/** Tells the recorder which file ran, before the script ends. Service workers know no XMLHttpRequest. */
const code = (file: string) =>
  `((u)=>{if(!self.XMLHttpRequest)return fetch(u);` +
  `let x=new XMLHttpRequest();x.open("GET",u,false);x.send();self.postMessage("ran")})(location.origin+"/ran/${file}");`;

const ran: string[] = [];
const files: Record<string, Hostile> = {};

/** A host with an empty page and a recorder on its own origin, for a browser may keep a page from other local addresses. */
async function startHost(
  answer: (path: string, response: ServerResponse) => void | Promise<void>,
): Promise<string> {
  const host = createServer((request, response) => {
    const [, folder, name = ""] = request.url!.split("/");
    if (folder === "ran") ran.push(name);
    if (folder !== "ran" && folder !== "bare") return void answer(request.url!, response);
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>bare</title>");
  }).listen(0, "127.0.0.1");
  await once(host, "listening");
  afterAll(() => host.close());
  return `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
}

// The same bytes under the types that their sender names, and no header that protects.
const careless = await startHost((path, response) => {
  const file = files[path.split("/").at(-1)!];
  response.setHeader("content-type", file?.type ?? "text/html");
  response.end(file?.text);
});
const app = await startHost(async (path, response) => {
  const answer = await fetch(url + path);
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(Buffer.from(await answer.arrayBuffer()));
});

function addFiles(): void {
  const script = (file: string) => `<script>${code(file)}</script>`;
  const xml = (file: string) => `<script xmlns="http://www.w3.org/1999/xhtml">${code(file)}</script>`;
  Object.assign(files, {
    page: { type: "text/html", text: script("page") },
    renamed: { type: "text/html", text: script("renamed"), name: '"; filename="a.png' },
    drawing: {
      type: "image/svg+xml",
      text: `<svg xmlns="http://www.w3.org/2000/svg"><script>${code("drawing")}</script></svg>`,
    },
    xhtml: {
      type: "application/xhtml+xml",
      text: `<html xmlns="http://www.w3.org/1999/xhtml">${xml("xhtml")}</html>`,
    },
    xml: { type: "text/xml", text: `<x>${xml("xml")}</x>` },
    script: { type: "text/javascript", text: code("script"), name: "../../worker.js" },
    note: { type: "text/plain", text: code("note"), name: "note.txt\r\ncontent-type: text/html" },
    picture: { type: "image/gif; x=text/html", text: `GIF89a/*${script("picture")}*/=1;${code("picture")}` },
    polyglot: { type: "application/gif", text: `GIF89a/*${script("polyglot")}*/=1;${code("polyglot")}` },
    sniffed: { type: "", text: `<!doctype html>${script("sniffed")}` },
    paper: { type: "application/pdf", text: `${code("paper")}//%PDF-1.7 ${script("paper")}` },
    joined: { type: "text/html;text/plain", text: script("joined"), name: "a.txt" },
  } satisfies Record<string, Hostile>);
}

/** Opens a file as a page of its own, and in each way that a page of the same origin could run it. */
async function openEverywhere(origin: string, address: string): Promise<void> {
  const context = await browser.newContext();
  const page = await context.newPage();
  // A download is no navigation, which `goto` tells as an error.
  await page.goto(address).catch(() => undefined);
  await page.goto(`${origin}/bare`);
  await page.evaluate(async (source) => {
    const settled = (element: Element) =>
      new Promise((resolve) => {
        element.addEventListener("load", resolve);
        element.addEventListener("error", resolve);
        document.documentElement.append(element);
      });
    const classic = Object.assign(document.createElement("script"), { src: source });
    const module = Object.assign(document.createElement("script"), { src: source, type: "module" });
    const image = Object.assign(document.createElement("img"), { src: source });
    await Promise.all([classic, module, image].map(settled));
    await new Promise((resolve) => {
      const worker = new Worker(source);
      worker.addEventListener("error", resolve);
      worker.addEventListener("message", resolve);
    });
    await navigator.serviceWorker.register(source).catch(() => undefined);
  }, address);
  for (const tag of ["iframe", "embed", "object"]) {
    const arrived = page
      .waitForEvent("requestfinished", { predicate: (one) => one.url() === address })
      .catch(() => undefined);
    await page.evaluate(
      ([name, source]) => {
        const element = document.createElement(name!);
        element.setAttribute(name === "object" ? "data" : "src", source!);
        document.documentElement.append(element);
      },
      [tag, address],
    );
    await Promise.race([arrived, page.waitForEvent("requestfailed", (one) => one.url() === address)]);
  }
  await page.goto(`${origin}/bare`);
  await context.close();
}

let browser: Awaited<ReturnType<typeof openBrowser>>;
beforeAll(async () => {
  browser = await openBrowser();
  addFiles();
});

describe("a hostile file", () => {
  it("of each kind runs where a host sends it as its sender says", async () => {
    ran.length = 0;
    for (const name of Object.keys(files)) await openEverywhere(careless, `${careless}/files/${name}`);
    // Browsers themselves run no script under the type of a picture.
    const expected = Object.keys(files).filter((name) => name !== "picture");
    expect([...new Set(ran)].toSorted()).toEqual(expected.toSorted());
  });

  it("runs nowhere on the app's own origin: not opened, framed, embedded, nor as a script or a worker", async () => {
    ran.length = 0;
    for (const { type, text, name } of Object.values(files)) {
      const stored = await history.putFile(
        owner,
        { name, mediaType: type || "image/png" },
        Buffer.from(text),
      );
      for (const path of [`/api/files/${stored.id}`, `/v1/files/${stored.id}/content`])
        await openEverywhere(app, app + path);
    }
    expect(ran).toEqual([]);
  });
});
