import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { type FollowOptions, createClient } from "@chatkeep/protocol";
import { createDatabase, freePort } from "@chatkeep/testing";
import { describe, expect, it } from "vitest";

import { readAll, readText, textOf } from "./deploy-answers.ts";
import { openImage, readDeploy } from "./deploy-image.ts";
import { type Program, ready, refuses, startProgram } from "./program.ts";

const NGINX = "/usr/sbin/nginx";

const { folder, owner, script, serve } = await openImage();

/** Starts nginx with our file, in which some words are others. */
async function startNginx(changes: Readonly<Record<string, string>>): Promise<Program & { url: string }> {
  const port = await freePort();
  const place = join(folder, `nginx-${port}`);
  mkdirSync(place);
  let conf = readDeploy("nginx.conf");
  for (const [said, instead] of Object.entries({ "listen 80;": `listen 127.0.0.1:${port};`, ...changes })) {
    expect(conf).toContain(said);
    conf = conf.replace(said, instead);
  }
  const site = join(place, "chatkeep.conf");
  writeFileSync(site, conf);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${place}/${name};`,
  );
  const main = join(place, "nginx.conf");
  writeFileSync(
    main,
    `daemon off; worker_processes 1; pid ${place}/pid; error_log stderr;
events {}
http { access_log off; ${temporary.join(" ")} include ${site}; }`,
  );
  const nginx = startProgram([NGINX, "-e", "stderr", "-p", place, "-c", main], { cwd: place });
  return Object.assign(nginx, { url: `http://127.0.0.1:${port}` });
}

describe("nginx", { skip: !existsSync(NGINX) }, () => {
  it("loses nothing of an answer while two servers are replaced one by one", async () => {
    await using database = await createDatabase({ contents: "empty" });
    const ports = [await freePort(), await freePort()] as const;
    const [one, other] = ports;
    await using nginx = await startNginx({ ":3000;": `:${one};`, ":3001;": `:${other};` });

    const env = { DATABASE_URL: database.url, CHATKEEP_TRUST_PROXY: "1" };
    const serveOn = (number: number) => serve({ ...env, OPENAI_API_KEY: `key-${number}` }, number);
    await using serverOne = await serveOn(one);
    await using serverOther = await serveOn(other);
    const servers = new Map([
      [one, serverOne],
      [other, serverOther],
    ]);
    await ready(nginx, nginx.url);
    const client = createClient({ baseUrl: nginx.url });
    const { conversation } = await client.createConversation(owner);

    /** Asks through nginx; gives the port of the server that answers too. */
    const ask = async (content: string) => {
      const [{ turn, events }, answer] = await Promise.all([
        client.startTurn(owner, conversation.id, { content }),
        script.answer(content),
      ]);
      const asker = Number(/key-(\d+)$/.exec(answer.request.headers.authorization ?? "")?.[1]);
      return { turn, answer, asker, reader: events[Symbol.asyncIterator]() };
    };

    const first = await ask("First?");
    // Each word is read before the model says the next.
    for (const word of ["One,", " two,", " three"]) {
      first.answer.say(word);
      await readText(first.reader, word);
    }
    const following = new AbortController();
    const follow = (how: FollowOptions) =>
      client.followTurn(owner, conversation.id, first.turn.id, how)[Symbol.asyncIterator]();
    const left = follow({ signal: following.signal });
    const seen = await readText(left, "One, two, three");

    const old = servers.get(first.asker)!;
    old.signal("SIGTERM");
    await expect.poll(() => refuses(old.url)).toBe(true);
    following.abort();
    const again = follow({ after: seen.at(-1)!.seq });
    first.answer.say(", four");
    const since = await readText(again, ", four");
    await readText(first.reader, ", four");
    first.answer.end(".");
    // Both who stayed and who came back see the end.
    expect(textOf(await readAll(first.reader))).toBe(".");
    const rest = [...since, ...(await readAll(again))];
    expect(rest.at(-1)?.chunk).toMatchObject({ type: "finish", messageMetadata: { status: "complete" } });
    expect(textOf([...seen, ...rest])).toBe("One, two, three, four.");
    const numbers = [...seen, ...rest].map(({ seq }) => seq);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(await old.ended).toBe(0);

    const second = await ask("Second?");
    expect(ports).toContain(second.asker);
    expect(second.asker).not.toBe(first.asker);
    second.answer.end("It is here.");
    expect(textOf(await readAll(second.reader))).toBe("It is here.");

    await using renewed = await serveOn(first.asker);
    const last = servers.get(second.asker)!;
    last.signal("SIGTERM");
    expect(await last.ended).toBe(0);
    const third = await ask("Third?");
    expect(third.asker).toBe(first.asker);
    third.answer.end("And here.");
    expect(textOf(await readAll(third.reader))).toBe("And here.");
    const { messages } = await client.listMessages(owner, conversation.id);
    expect(messages.map(({ content }) => content)).toEqual([
      "First?",
      "One, two, three, four.",
      "Second?",
      "It is here.",
      "Third?",
      "And here.",
    ]);
    renewed.signal("SIGTERM");
    expect(await renewed.ended).toBe(0);
  });

  it("passes each word on when it arrives, also over HTTP/1.0, which it buffers by default", async () => {
    await using database = await createDatabase({ contents: "empty" });
    await using server = await serve({ DATABASE_URL: database.url, CHATKEEP_TRUST_PROXY: "1" });
    const { port } = new URL(server.url);
    await using nginx = await startNginx({
      ":3000;": `:${port};`,
      "server 127.0.0.1:3001;": "",
      "proxy_http_version 1.1;": "proxy_http_version 1.0;",
    });
    await ready(nginx, nginx.url);
    const client = createClient({ baseUrl: nginx.url });
    const { conversation } = await client.createConversation(owner);
    const [{ events }, answer] = await Promise.all([
      client.startTurn(owner, conversation.id, { content: "Slowly?" }),
      script.answer("Slowly?"),
    ]);
    const reader = events[Symbol.asyncIterator]();
    for (const word of ["One,", " two,"]) {
      answer.say(word);
      await readText(reader, word);
    }
    answer.end(" three.");
    expect(textOf(await readAll(reader))).toBe(" three.");
  });
});
