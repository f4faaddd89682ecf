import { readFileSync } from "node:fs";

import { ERRORS } from "@chatkeep/protocol";
import { startServer } from "@chatkeep/testing/server";
import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, test } from "vitest";

const { send, server } = await startServer({
  docs: {
    documents: () => Promise.resolve([]),
    document: () => Promise.resolve(null),
    former: () => Promise.resolve(null),
    openCitation: ({ quote }) =>
      Promise.resolve({
        status: "unknown",
        changedAt: null,
        present: false,
        document: null,
        passage: null,
        quote,
      }),
  },
});

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}
interface Operation {
  operationId: string;
  tags: string[];
  parameters: { name: string; in: string; required: boolean; schema: object }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
}

/** APIs whose clients send fields of their own: unknown ones are ignored. */
const LENIENT = new Set([
  "AG-UI",
  "AI SDK",
  "Book assistant",
  "Book widget and AI SDK",
  "Chat sessions",
  "OpenAI Conversations",
  "OpenAI Files",
  "OpenAI Responses",
  "User conversations",
]);

const document = (await (await send("/openapi.json")).json()) as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

test("covers every route that the server has, and no other", () => {
  const told = operations.map(({ path, method }) => `${method} ${path}`);
  expect(new Set(told)).toEqual(new Set(server.routes.map(({ path, method }) => `${method} ${path}`)));
  expect(told).toHaveLength(server.routes.length);
  expect(document.openapi).toMatch(/^3\.1\./);
});

test("is valid OpenAPI 3.1", async () => {
  const validator = new Validator();
  expect(await validator.validate({ ...document })).toEqual({ valid: true });
  expect(validator.version).toBe("3.1");
});

test("has every route of the native API", () => {
  const conversation = "/api/conversations/{conversation_id}";
  const turn = `${conversation}/turns/{turn_id}`;
  expect(operations.map(({ path, method }) => `${method} ${path}`)).toEqual(
    expect.arrayContaining([
      "POST /api/conversations",
      "GET /api/conversations",
      `GET ${conversation}`,
      `PATCH ${conversation}`,
      `DELETE ${conversation}`,
      `GET ${conversation}/messages`,
      `POST ${conversation}/messages`,
      `DELETE ${conversation}/messages`,
      `POST ${conversation}/turns`,
      `GET ${turn}`,
      `GET ${turn}/events`,
      `POST ${turn}/stop`,
      "GET /health",
      "GET /ready",
      "GET /openapi.json",
      "GET /docs",
    ]),
  );
});

test("names each operation once, and declares each parameter of its path", () => {
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { path, operation } of operations) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const declared = operation.parameters.filter((parameter) => parameter.in === "path");
    expect(declared.map(({ name }) => name)).toEqual(inPath);
    for (const { required } of declared) expect(required).toBe(true);
  }
});

test("refers only to schemas that are there, and uses each", () => {
  const text = JSON.stringify(document);
  const used = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
  expect(new Set(used)).toEqual(new Set(Object.keys(document.components.schemas)));
  expect(text).not.toContain("#/$defs/");
});

test("tells the codes of every error by its status", () => {
  for (const { operation } of operations) {
    for (const [status, { description, content }] of Object.entries(operation.responses)) {
      if (content?.["application/problem+json"] === undefined) continue;
      for (const [, code] of description.matchAll(/`(\w+)`/g)) {
        expect(ERRORS[code as keyof typeof ERRORS]).toBe(Number(status));
      }
    }
  }
  const codes = document.components.schemas["Problem"] as { properties: { code: { enum: string[] } } };
  expect(codes.properties.code.enum).toEqual(Object.keys(ERRORS));
});

test("refuses unknown fields in every body of the native API, as the server does", () => {
  interface Schema {
    readonly $ref?: string;
    readonly anyOf?: Schema[];
    readonly oneOf?: Schema[];
  }
  const shapesOf = (schema: Schema): Schema[] => {
    const named = schema.$ref?.split("/").at(-1);
    const { anyOf, oneOf, ...own } =
      named === undefined ? schema : (document.components.schemas[named] as Schema);
    return (anyOf ?? oneOf)?.flatMap(shapesOf) ?? [own];
  };
  for (const { operation } of operations) {
    if (operation.tags.some((tag) => LENIENT.has(tag))) continue;
    const schema: Schema | undefined = operation.requestBody?.content["application/json"]?.schema;
    for (const shape of schema === undefined ? [] : shapesOf(schema))
      expect(shape).toMatchObject({ type: "object", additionalProperties: false });
  }
});

test("is what the repository shows of it", () => {
  const shown = readFileSync(new URL("../openapi.json", import.meta.url), "utf8");
  expect(document).toEqual(JSON.parse(shown));
});
