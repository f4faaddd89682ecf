import { newPerson, startApiServer } from "@chatkeep/testing/people";
import { expect, it } from "vitest";

const { url } = await startApiServer({
  async *answers() {
    yield "Still here.";
  },
});

/** What APIs keep in data parts of a name that clients may use too. */
const WELL_FORMED = { type: "message", role: "user", content: [{ type: "input_text", text: "Hi" }] };
const VALUES = [
  null,
  "text",
  [],
  [null],
  {},
  { type: 1 },
  { type: "message" },
  { item: null },
  { item: {}, places: {} },
  { item: WELL_FORMED, places: null },
  { item: WELL_FORMED, places: { "/content/0/text": null } },
  { item: WELL_FORMED, places: { "/content/0/text": ["a", {}] } },
];

it.each([
  "openai-item",
  "openai-item-with-files",
  "ui-part",
  "ag-ui-part",
  "ag-ui-state",
  "tool_calls",
  "choices",
])("a data part with the name %s harms no API, whatever it holds", async (name) => {
  const { asServer: headers } = await newPerson();
  const send = async (path: string, body?: object): Promise<number> => {
    const init =
      body === undefined
        ? { headers }
        : {
            method: "POST",
            headers: { ...headers, "content-type": "application/json" },
            body: JSON.stringify(body),
          };
    const response = await fetch(url + path, init);
    await response.text();
    return response.status;
  };
  for (const [index, data] of VALUES.entries()) {
    const id = `${name}-${index}`;
    const chat = `/api/conversations/${id}`;
    await send("/api/conversations", { id });
    for (const role of ["user", "assistant"])
      expect(await send(`${chat}/messages`, { role, parts: [{ type: "data", name, data }] })).toBe(201);
    const statuses = [
      await send(`${chat}/messages`),
      await send(`/v1/conversations/conv__${Buffer.from(id).toString("base64url")}/items`),
      await send(`/ag-ui/threads/${id}/events`),
      await send(`${chat}/turns`, { content: "Are you there?" }),
    ];
    expect({ data, statuses }).toEqual({ data, statuses: [200, 200, 200, 200] });
  }
});
