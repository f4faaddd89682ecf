import { createScriptedResponder, fileDatabase } from "@chatkeep/testing";
import { SERVER_KEY, SERVER_KEYS, startServer } from "@chatkeep/testing/server";
import { expect, it } from "vitest";

const { url: databaseUrl, pool } = await fileDatabase();
const script = createScriptedResponder({ continues: true });
const given = { databaseUrl, answers: script.responder, serverKeys: SERVER_KEYS };
const [ending, next, another] = [
  await startServer(given),
  await startServer(given),
  await startServer(given),
];
const session = ending.session();

/** The text of a stream's deltas, and whether it ended as a settled turn's does. */
async function streamed(response: Response): Promise<{ text: string; last: string; isDone: boolean }> {
  const frames = (await response.text()).split("\n\n");
  const deltas = frames.flatMap((frame) => /"type":"text-delta".*"delta":"([^"]*)"/.exec(frame)?.[1] ?? []);
  const ids = frames.flatMap((frame) => /^id: ?([\d.]+)$/m.exec(frame)?.[1] ?? []);
  return {
    text: deltas.join(""),
    last: ids.at(-1) ?? "0",
    isDone: frames.some((frame) => frame.includes("[DONE]")),
  };
}

it("a reader whose server ends is not told of an end; the server that it resumes at continues the answer, on every API", async () => {
  const { id } = await ending.conversation(session);
  const asked = ending.send(`/api/conversations/${id}/turns`, {
    method: "POST",
    session,
    headers: { accept: "text/event-stream" },
    body: { content: "Hello" },
  });
  const run = await script.started(id);
  await run.emit("Half ");
  await run.request.committed();
  const first = streamed(await asked);
  await ending.history.close();
  const before = await first;
  expect(before).toMatchObject({ text: "Half ", isDone: false });

  const { running_turn: turnId } = (await (
    await next.send(`/api/conversations/${id}`, { session })
  ).json()) as {
    running_turn: string;
  };
  const resumed = next.send(`/api/conversations/${id}/turns/${turnId}/events`, {
    session,
    headers: { "last-event-id": before.last },
  });
  // Its head comes while the turn runs: of a settled one there would be nothing to resume.
  const ui = await next.send(`/api/chat/${id}/stream`, { session });
  const continued = await script.started(id);
  expect(continued.request.answer).toEqual([{ type: "text", text: "Half " }]);
  await continued.emit("and whole.");
  continued.finish();
  expect(await streamed(await resumed)).toMatchObject({ text: "and whole.", isDone: true });
  expect(await streamed(ui)).toMatchObject({ text: "Half and whole.", isDone: true });
  const { messages } = await next.history.listMessages({ kind: "session", id: session }, id);
  expect(messages.map(({ content, status }) => [content, status])).toEqual([
    ["Hello", "complete"],
    ["Half and whole.", "complete"],
  ]);
});

it("a turn that nobody came back for is continued where a platform's cron asks for it", async () => {
  const { id } = await next.conversation(session);
  const { turn } = await next.history.startTurn({ kind: "session", id: session }, id, { content: "Hello" });
  await script.started(id);
  await next.history.close();
  const reply = await another.send("/api/turns/continue", {
    headers: { authorization: `Bearer ${SERVER_KEY}` },
  });
  expect(await reply.json()).toEqual({ running_turns: 1 });
  const run = await script.started(id);
  expect(run.request).toMatchObject({ turnId: turn.id, attempt: 2 });
});

it("a reader is told when a failover lost its last event and a continued answer has another under its number, on every API that resumes", async () => {
  const [dying, living] = [await startServer(given), await startServer(given)];
  const { id } = await dying.conversation(session);
  const { turn } = await dying.history.startTurn({ kind: "session", id: session }, id, { content: "Hello" });
  const run = await script.started(id);
  await run.emit("Kept. ");
  await run.request.committed();
  await run.emit("Lost. ");
  await run.request.committed();
  await dying.history.close();
  const { rows } = await pool.query<{ seq: number }>(
    "delete from chatkeep.turn_events where turn_id = $1 and chunk ->> 'delta' = 'Lost. ' returning seq",
    [turn.id],
  );
  const lost = rows[0]!.seq;
  const path = `/api/conversations/${id}/turns/${turn.id}/events`;
  const following = streamed(await living.send(path, { session }));
  const again = await script.started(id);
  for (const words of ["Other ", "words."]) {
    await again.emit(words);
    await again.request.committed();
  }
  for (const resumed of [path, `/ag-ui/threads/${id}/events`]) {
    const told = await living.send(resumed, { session, headers: { "last-event-id": String(lost) } });
    expect([told.status, await told.json()]).toMatchObject([410, { code: "events_expired" }]);
    const knowing = living.send(resumed, { session, headers: { "last-event-id": `${lost}.2` } });
    expect((await knowing).status).toBe(200);
    await (await knowing).body!.cancel();
  }
  again.finish();
  expect(await following).toMatchObject({ text: "Kept. Other words.", isDone: true });
});
