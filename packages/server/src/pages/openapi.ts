import { ERRORS, type ErrorCode } from "@chatkeep/protocol";
import { z } from "zod";

import type { Reply, Route } from "../http/route.ts";
import { SESSION_HEADER, USER_HEADER } from "../identity/caller.ts";
import { VERSION } from "./version.ts";

/** A JSON object of the document. OpenAPI's types are not worth a dependency. */
type Node = { [key: string]: unknown };

/** The codes of every route, of every route that reads a credential, and of routes with these names in their path. */
const ALWAYS: readonly ErrorCode[] = ["internal"];
const WITH_CREDENTIAL: readonly ErrorCode[] = [
  "invalid_request",
  "unauthenticated",
  "forbidden",
  "rate_limited",
  "unavailable",
];
const MISSING: readonly (readonly [string, ErrorCode])[] = [
  ["{conversation_id}", "conversation_not_found"],
  ["{message_id}", "message_not_found"],
  ["{turn_id}", "turn_not_found"],
  ["{file_id}", "file_not_found"],
  ["{share_id}", "share_not_found"],
  ["{token}", "share_not_found"],
];

/**
 * The OpenAPI 3.1 document of `routes`, made from the schemas that validate their requests.
 * Source: OpenAPI Specification 3.1.1.
 */
export function openapiOf(routes: readonly Route[]): Node {
  const schemas: Node = {};
  const paths: Record<string, Node> = {};
  for (const route of routes) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route, schemas);
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Chatkeep",
      version: VERSION,
      summary: "Conversation memory for AI chat, on PostgreSQL.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        session: {
          type: "apiKey",
          in: "header",
          name: SESSION_HEADER,
          description: "An anonymous session: a secret UUID v4 that the browser makes.",
        },
        user: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description:
            "A signed-in user: a token of the host's login. It takes precedence over a session's id.",
        },
        server: {
          type: "http",
          scheme: "bearer",
          description: `A server key (\`ck_…\`) of the operator or a trusted back end. It acts for the user named in \`${USER_HEADER}\`, and without that header for itself.`,
        },
      },
    },
  };
}

function operationOf(route: Route, schemas: Node): Node {
  const isOpen = route.access === "anyone" || route.access === "link";
  return {
    operationId: route.id,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    security: [
      ...(isOpen || route.access === "operator" ? [] : [{ session: [] }, { user: [] }]),
      ...(isOpen ? [] : [{ server: [] }]),
      ...(route.access === "guest" ? [{}] : []),
    ],
    parameters: [
      ...parametersOf("path", route.params, schemas),
      ...parametersOf("query", route.search, schemas),
    ],
    ...requestBodyOf(route, schemas),
    responses: { ...repliesOf(route.replies, schemas), ...problemsOf(route, schemas) },
  };
}

function requestBodyOf({ body, bytes }: Route, schemas: Node): Node {
  if (body !== undefined)
    return { requestBody: { content: { "application/json": { schema: schemaOf(body, "input", schemas) } } } };
  if (bytes === undefined) return {};
  const file = { type: "string", format: "binary", description: bytes };
  const form = { type: "object", properties: { file }, required: ["file"] };
  return {
    requestBody: {
      required: true,
      content: { "*/*": { schema: file }, "multipart/form-data": { schema: form } },
    },
  };
}

function parametersOf(place: "path" | "query", schema: z.ZodType | undefined, schemas: Node): Node[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, "output", schemas) as {
    properties?: Record<string, Node>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

function repliesOf(replies: Readonly<Record<number, Reply>>, schemas: Node): Node {
  return Object.fromEntries(
    Object.entries(replies).map(([status, { description, json, text = {} }]) => {
      const content: Node = {};
      if (json !== undefined) content["application/json"] = { schema: schemaOf(json, "output", schemas) };
      for (const [type, sentence] of Object.entries(text)) {
        content[type] = { schema: { type: "string", description: sentence } };
      }
      return [status, { description, ...(Object.keys(content).length === 0 ? {} : { content }) }];
    }),
  );
}

/** The errors of a route by status. Several codes may share one. */
function problemsOf(route: Route, schemas: Node): Node {
  const { access, path, body, replies, errors = [], errorFormat } = route;
  const codes = new Set([
    ...(access === "anyone" || access === "link" ? [] : WITH_CREDENTIAL),
    ...(body === undefined ? [] : (["payload_too_large"] as const)),
    ...MISSING.flatMap(([name, code]) => (path.includes(name) ? [code] : [])),
    ...errors,
    ...ALWAYS,
  ]);
  const schema = schemaOf(errorFormat.json, "output", schemas);
  const byStatus = Object.entries(Object.groupBy(codes, (code) => ERRORS[code]));
  return Object.fromEntries(
    byStatus
      .filter(([status]) => !Object.hasOwn(replies, status))
      .map(([status, shared]) => [
        status,
        {
          description: shared.map((code) => `\`${code}\``).join(", "),
          content: { [errorFormat.mediaType]: { schema } },
        },
      ]),
  );
}

/** A schema as JSON Schema. Schemas with an id are added to `schemas` and referred to. */
function schemaOf(schema: z.ZodType, io: "input" | "output", schemas: Node): Node {
  const { properties, $defs = {} } = z.toJSONSchema(z.object({ schema }), {
    io,
    // Custom checks have no JSON Schema: their `meta` describes them.
    unrepresentable: "any",
  });
  for (const [id, definition] of Object.entries($defs)) schemas[id] ??= refer(definition);
  return refer(properties?.["schema"]) as Node;
}

/** Changes the references of a JSON Schema to those of OpenAPI. */
function refer(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(refer);
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      key === "$ref" && typeof value === "string"
        ? value.replace("#/$defs/", "#/components/schemas/")
        : refer(value),
    ]),
  );
}
