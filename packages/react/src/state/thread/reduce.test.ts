import type { Message, Turn } from "@chatkeep/protocol";
import { describe, expect, test } from "vitest";

import { createEntries } from "./entries.ts";
import type { ThreadEvent } from "./events.ts";
import { NO_ANSWER, type ThreadModel, newModel } from "./model.ts";
import { reduce } from "./reduce.ts";

const CONVERSATION = "c";

/** What a server gives with the answer to `q` that it could not save. */
const TOKEN = `${btoa(JSON.stringify({ turnId: "t-q", reply: { id: "r-q", parts: [], status: "complete" } }))}.signed`;

function messageOf(seq: number, fields: Partial<Message> = {}): Message {
  return {
    id: `m${seq}`,
    seq,
    conversationId: CONVERSATION,
    turnId: null,
    parentId: seq === 1 ? null : `m${seq - 1}`,
    versions: { index: 1, count: 1 },
    role: seq % 2 === 1 ? "user" : "assistant",
    parts: [{ type: "text", text: `no. ${seq}` }],
    content: `no. ${seq}`,
    status: "complete",
    error: null,
    contextText: null,
    metadata: null,
    model: null,
    usage: null,
    createdAt: "2026-01-01T00:00:00.000Z",
    ...fields,
  } as Message;
}

function turnOf(questionId: string, fields: Partial<Turn> = {}): Turn {
  return {
    id: `t-${questionId}`,
    conversationId: CONVERSATION,
    status: "running",
    messageId: questionId,
    replyId: `r-${questionId}`,
    persisted: true,
    error: null,
    createdAt: "2026-01-01T00:00:00.000Z",
    settledAt: null,
    ...fields,
  };
}

const conversation = { id: CONVERSATION } as never;
const page = (messages: readonly Message[], hasNewer = false): ThreadEvent => ({
  type: "read",
  read: {
    kind: "page",
    page: { messages, hasMore: false, total: messages.length },
    hasNewer,
    conversation,
  },
});
const more = (...messages: readonly Message[]): ThreadEvent => ({
  type: "read",
  read: { kind: "messages", messages },
});
const ask = (id: string): ThreadEvent => ({
  type: "ask",
  id,
  text: `asks ${id}`,
  contextText: null,
  parts: [],
});
const started = (questionId: string, fields: Partial<Turn> = {}): ThreadEvent => ({
  type: "started",
  questionId,
  turn: turnOf(questionId, fields),
});
const ended = (questionId: string, answer: Partial<typeof NO_ANSWER> = {}): ThreadEvent => ({
  type: "ended",
  turnId: `t-${questionId}`,
  answer: { ...NO_ANSWER, status: "complete", ...answer },
});
const unread: ThreadEvent = {
  type: "read-failed",
  kind: "passing",
  failure: "The server cannot be reached.",
};

/** Runs events from a stored conversation of which nothing was read. */
function run(events: readonly ThreadEvent[], from: ThreadModel = newModel({ kind: "stored" }, [])) {
  let model = from;
  const effects: string[][] = [];
  for (const event of events) {
    const step = reduce(model, event);
    model = step.model;
    effects.push(step.effects.map(({ type }) => type));
  }
  const shown = createEntries()(model).map(({ id, delivery }) => `${id} ${delivery}`);
  return { model, effects, last: effects.at(-1), shown };
}

describe("a conversation's events", () => {
  test.each<[string, readonly ThreadEvent[], readonly string[], readonly string[]]>([
    ["opening reads", [{ type: "open" }], ["read"], []],
    ["a question is kept before it is sent", [page([]), ask("q")], ["keep", "send"], ["q sending"]],
    [
      "a second question waits for the first",
      [page([]), ask("q"), ask("p")],
      ["keep"],
      ["q sending", "p queued"],
    ],
    [
      "a question that is stored is let go, and its turn followed",
      [page([]), ask("q"), started("q")],
      ["let-go", "follow", "report-activity"],
      ["q saved", "r-q saved"],
    ],
    [
      "what has ended is read before the next question is sent",
      [page([]), ask("q"), started("q"), ask("p"), ended("q")],
      ["read"],
      ["q saved", "r-q saved", "p queued"],
    ],
    [
      "once it is read the next question is sent",
      [
        page([]),
        ask("q"),
        started("q"),
        ask("p"),
        ended("q"),
        more(messageOf(1, { id: "q" }), messageOf(2, { id: "r-q" })),
      ],
      ["let-go", "report-activity", "send"],
      ["q saved", "r-q saved", "p sending"],
    ],
    [
      "what has ended and cannot be read yet is read again later, and stays shown",
      [page([]), ask("q"), started("q"), ended("q"), unread],
      ["wait"],
      ["q saved", "r-q saved"],
    ],
    [
      "a question that cannot be sent keeps its text, and the next is tried",
      [page([]), ask("q"), ask("p"), { type: "not-sent", questionId: "q", failure: "No network." }],
      ["keep", "send"],
      ["q failed", "p sending"],
    ],
    [
      "a retry sends it again under its id",
      [
        page([]),
        ask("q"),
        { type: "not-sent", questionId: "q", failure: "No." },
        { type: "retry", questionId: "q" },
      ],
      ["keep", "send"],
      ["q sending"],
    ],
    [
      "a question that another tab gave up is not lost here",
      [
        page([]),
        ask("q"),
        {
          type: "not-kept",
          questionId: "q",
          questions: [
            {
              id: "q",
              text: "asks q",
              contextText: null,
              parts: [],
              failure: "No.",
              token: null,
              replaces: null,
              origin: { kind: "stored" },
            },
          ],
        },
      ],
      ["read"],
      ["q failed"],
    ],
    [
      "another page's turn in the way is read, and the question waits",
      [page([]), ask("q"), { type: "busy", questionId: "q" }],
      ["keep", "read"],
      ["q queued"],
    ],
    [
      "an answer that is not saved is kept, and saved later",
      [
        page([]),
        ask("q"),
        started("q", { persisted: false }),
        ended("q", { persisted: false, token: TOKEN, parts: [{ type: "text", text: "a" }] }),
      ],
      ["keep", "save"],
      ["q unsaved", "r-q unsaved"],
    ],
    [
      "once that is saved it is read",
      [
        page([]),
        ask("q"),
        started("q", { persisted: false }),
        ended("q", { persisted: false, token: TOKEN }),
        { type: "saved", questionId: "q" },
      ],
      ["read"],
      ["q saved", "r-q unsaved"],
    ],
    [
      "an answer that is continued is followed by the question",
      [
        page([1, 2].map((seq) => messageOf(seq))),
        { type: "continue", id: "q", replyId: "m2", text: "Continue." },
      ],
      ["keep", "send"],
      ["m1 saved", "m2 saved", "q sending"],
    ],
    [
      "an earlier answer that is continued is shown without what followed it",
      [
        page([1, 2, 3].map((seq) => messageOf(seq))),
        { type: "continue", id: "q", replyId: "m2", text: "Continue." },
      ],
      ["keep", "send"],
      ["m1 saved", "m2 saved", "q sending"],
    ],
    [
      "an answer that is given again is shown in place of the old one and what followed",
      [page([1, 2, 3].map((seq) => messageOf(seq))), { type: "regenerating", turn: turnOf("m1") }],
      ["follow", "report-activity"],
      ["m1 saved", "r-m1 saved"],
    ],
    [
      "a question is sent although what was stored before it cannot be read back",
      [page([]), ask("q"), started("q"), ended("q"), ask("p"), unread],
      ["wait", "send"],
      ["q saved", "r-q saved", "p sending"],
    ],
    [
      "an edit of a question that is not read back yet is shown in its place once it is",
      [
        page([]),
        ask("q"),
        started("q"),
        ended("q"),
        { type: "edit", id: "v", questionId: "q", text: "edited" },
        more(messageOf(1, { id: "q" }), messageOf(2, { id: "r-q" })),
      ],
      ["let-go", "report-activity", "send"],
      ["v sending"],
    ],
    [
      "an edited question is shown in place of the old version and what followed",
      [
        page([1, 2, 3].map((seq) => messageOf(seq))),
        { type: "edit", id: "q", questionId: "m3", text: "edited" },
      ],
      ["keep", "send"],
      ["m1 saved", "m2 saved", "q sending"],
    ],
    [
      "an edit in the middle of an answer waits, and takes nothing away until it is sent",
      [
        page([1, 2].map((seq) => messageOf(seq))),
        ask("p"),
        started("p"),
        { type: "edit", id: "q", questionId: "m1", text: "edited" },
      ],
      ["keep"],
      ["m1 saved", "m2 saved", "p saved", "r-p saved", "q queued"],
    ],
    [
      "who asks in the middle of a conversation goes to its end",
      [page([messageOf(1)], true), ask("q")],
      ["keep", "read", "send"],
      ["m1 saved"],
    ],
    [
      "a running answer of another page is looked up",
      [page([messageOf(1), messageOf(2, { status: "streaming", turnId: "t" })])],
      ["look-up"],
      ["m1 saved", "m2 saved"],
    ],
    [
      "clearing forgets what was not sent",
      [page([]), ask("q"), ask("p"), { type: "cleared" }],
      ["let-go", "read"],
      ["q sending"],
    ],
  ])("%s", (_, events, effects, shown) => {
    const result = run([{ type: "open" }, ...events.filter(({ type }) => type !== "open")]);
    expect(result.last).toEqual(effects);
    expect(result.shown).toEqual(shown);
  });

  test("one reading at a time: what is asked for during one is read after it", () => {
    const { effects, model } = run([{ type: "open" }, { type: "go-to", seq: 3 }, { type: "open" }, page([])]);
    expect(effects).toEqual([["read"], [], [], ["read"]]);
    expect(model.reading?.wanted).toEqual({ around: 3 });
  });

  test("Stop before the turn has begun stops it when it begins", () => {
    const { last, model } = run([{ type: "open" }, page([]), ask("q"), { type: "stop" }, started("q")]);
    expect(last).toContain("stop");
    expect(model.turns[0]?.stopping).toBe(true);
  });

  test("a history that cannot be read is failed, never empty; one that is gone is missing", () => {
    expect(run([{ type: "open" }, unread]).model.status).toBe("failed");
    const gone: ThreadEvent = { type: "read-failed", kind: "gone", failure: "It does not exist." };
    expect(run([{ type: "open" }, gone]).model.status).toBe("missing");
    expect(run([{ type: "open" }], newModel({ kind: "new" }, [])).model.status).toBe("new");
  });

  test("a history that could not be read is read again by itself, once however often a person retries", () => {
    const waited = (attempt: number): ThreadEvent => ({ type: "waited", for: "reading", attempt });
    const tried = run([{ type: "open" }, unread, { type: "open" }, unread, waited(0), waited(1)]);
    expect(tried.effects).toEqual([["read"], ["wait"], ["read"], ["wait"], [], ["read"]]);
    expect(run([page([messageOf(1)]), waited(0)], tried.model).last).toEqual([]);
    const refused: ThreadEvent = { type: "read-failed", kind: "final", failure: "Sign in." };
    expect(run([{ type: "open" }, refused]).last).toEqual([]);

    const scope = { kind: "scope", scope: { id: "intro", label: null } } as const;
    expect(run([{ type: "open" }, unread, waited(0)], newModel(scope, [])).effects).toEqual([
      ["find"],
      ["wait"],
      ["find"],
    ]);
  });

  test("a page at one side that could not be read is read again by itself, once however often a person retries", () => {
    const begun = run([
      {
        type: "read",
        read: {
          kind: "page",
          page: { messages: [messageOf(3), messageOf(4)], hasMore: true, total: 4 },
          hasNewer: false,
          conversation,
        },
      },
    ]).model;
    const load: ThreadEvent = { type: "load", side: "older" };
    const failed: ThreadEvent = { type: "side-failed", side: "older", kind: "passing" };
    const waited = (attempt: number): ThreadEvent => ({ type: "waited", for: "older", attempt });
    const tried = run([load, failed, load, failed, waited(0), waited(1), load], begun);
    expect(tried.effects).toEqual([["read-side"], ["wait"], ["read-side"], ["wait"], [], ["read-side"], []]);
    // What is said stays said until a page is there.
    expect(tried.model.sides.older.state).toBe("again");
    expect(run([load, { ...failed, kind: "final" }], begun).last).toEqual([]);
    const older: ThreadEvent = {
      type: "side-read",
      side: "older",
      edge: 3,
      page: { messages: [messageOf(1), messageOf(2)], hasMore: false, total: 4 },
    };
    const read = run([older, waited(2)], tried.model);
    expect(read.last).toEqual([]);
    expect(read.model.messages?.list).toHaveLength(4);
  });

  test("an older page that no longer meets what is loaded is dropped", () => {
    const old: ThreadEvent = {
      type: "side-read",
      side: "older",
      edge: 5,
      page: { messages: [messageOf(4)], hasMore: false, total: 9 },
    };
    expect(run([{ type: "open" }, page([messageOf(5)]), old]).shown).toEqual(["m4 saved", "m5 saved"]);
    expect(run([{ type: "open" }, page([messageOf(7)]), old]).shown).toEqual(["m7 saved"]);
  });
});
