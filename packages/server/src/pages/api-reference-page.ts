import { escapeHtml as h } from "./page.ts";

/** What is read here of an OpenAPI document. */
interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  format?: string;
}
interface Content {
  [type: string]: { schema: Schema };
}
interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  security: object[];
  parameters: { name: string; in: string; required: boolean; description?: string; schema: Schema }[];
  requestBody?: { content: Content };
  responses: Record<string, Response>;
}
interface Response {
  description: string;
  content?: Content;
}
interface Document {
  info: { title: string; version: string; summary: string };
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

const PROBLEM = "application/problem+json";

/** The inside of the page that shows an OpenAPI document of ours; it needs no script. */
export function docsBody(openapi: object): string {
  const document = openapi as Document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      ...operation,
    })),
  );
  const groups = document.tags.map(({ name }) => ({
    name,
    operations: operations.filter(({ tags }) => tags[0] === name),
  }));
  const schemas = Object.entries(document.components.schemas);
  return `
<a class="skip" href="#main">Skip to the content</a>
<header class="bar"><a href="/">Chatkeep</a><span>API ${h(document.info.version)}</span><a href="/openapi.json">openapi.json</a></header>
<div class="columns">
<nav aria-label="Contents">
${groups
  .map(
    (group) =>
      `<h2>${h(group.name)}</h2><ul>${group.operations
        .map(({ operationId, summary }) => `<li><a href="#${h(operationId)}">${h(summary)}</a></li>`)
        .join("")}</ul>`,
  )
  .join("\n")}
<h2>Schemas</h2><ul>${schemas.map(([name]) => `<li><a href="#schema-${h(name)}">${h(name)}</a></li>`).join("")}</ul>
</nav>
<main id="main">
<h1>${h(document.info.title)} API</h1>
<p class="lead">${h(document.info.summary)}</p>
${groups
  .map((group) => `<h2>${h(group.name)}</h2>\n${group.operations.map(operationHtml).join("\n")}`)
  .join("\n")}
<h2>Schemas</h2>
${schemas.map(([name, schema]) => schemaHtml(name, schema)).join("\n")}
</main>
</div>`;
}

function operationHtml(operation: Operation & { path: string; method: string }): string {
  const { operationId, method, path, summary, description, security, parameters, requestBody, responses } =
    operation;
  return `<section class="operation" id="${h(operationId)}">
<h3><a href="#${h(operationId)}">${h(summary)}</a></h3>
<p class="call"><b class="method ${method.toLowerCase()}">${method}</b> <code>${h(path).replaceAll("/", "/<wbr>")}</code></p>
${description === undefined ? "" : `<p>${prose(description)}</p>`}
${security.length === 0 ? '<p class="note">No credential needed.</p>' : ""}
${table(
  "Parameters",
  parameters.map((parameter) => [
    `<code>${h(parameter.name)}</code>${parameter.required ? '<span class="required">required</span>' : ""}`,
    typeHtml(parameter.schema),
    prose(parameter.description ?? (parameter.in === "path" ? "In the path." : "")),
  ]),
)}
${table("Body", contentRows(requestBody?.content))}
${table("Replies", Object.entries(responses).flatMap(replyRows))}
${errorsHtml(responses)}
</section>`;
}

function replyRows([status, { description, content }]: [string, Response]): string[][] {
  if (content?.[PROBLEM] !== undefined) return [];
  const label = `<b class="status s${status[0] ?? ""}">${h(status)}</b>`;
  const rows = contentRows(content);
  if (rows.length === 0) return [[label, "", prose(description)]];
  return rows.map(([type = "", schema = "", text = ""], index) => [
    index === 0 ? label : "",
    `${schema}<small>${type}</small>`,
    index === 0 ? `${prose(description)} ${text}` : text,
  ]);
}

/** The errors in a line: all have the same shape. */
function errorsHtml(responses: Record<string, Response>): string {
  const errors = Object.entries(responses).filter(([, { content }]) => content?.[PROBLEM] !== undefined);
  const chips = errors.map(
    ([status, { description }]) =>
      `<li><b class="status s${status[0] ?? ""}">${h(status)}</b> ${prose(description)}</li>`,
  );
  return `<div class="errors"><b>Errors</b> <a href="#schema-Problem">Problem</a><ul>${chips.join("")}</ul></div>`;
}

function contentRows(content: Content = {}): string[][] {
  return Object.entries(content).map(([type, { schema }]) => [
    `<code>${h(type)}</code>`,
    typeHtml(schema),
    prose(schema.$ref === undefined ? (schema.description ?? "") : ""),
  ]);
}

function schemaHtml(name: string, schema: Schema): string {
  const fields = Object.entries(schema.properties ?? {}).map(([field, type]) => [
    `<code>${h(field)}</code>${schema.required?.includes(field) === true ? '<span class="required">required</span>' : ""}`,
    typeHtml(type),
    prose(type.description ?? ""),
  ]);
  return `<section class="operation" id="schema-${h(name)}">
<h3><a href="#schema-${h(name)}">${h(name)}</a></h3>
${fields.length === 0 ? `<p>${typeHtml(schema)}</p>` : table("Fields", fields)}
</section>`;
}

/** A schema as a type in a line. */
function typeHtml(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return `<a href="#schema-${h(name)}">${h(name)}</a>`;
  }
  const union = schema.anyOf ?? schema.oneOf;
  if (union !== undefined) return union.map(typeHtml).join(" | ");
  if (schema.const !== undefined) return `<code>${h(JSON.stringify(schema.const))}</code>`;
  if (schema.enum !== undefined) {
    return schema.enum.map((value) => `<code>${h(JSON.stringify(value))}</code>`).join(" | ");
  }
  if (schema.type === "array") return `${typeHtml(schema.items ?? {})}[]`;
  if (schema.type === "object" && schema.properties !== undefined) {
    const fields = Object.entries(schema.properties).map(
      ([name, type]) =>
        `<code>${h(name)}</code>${schema.required?.includes(name) === true ? "" : "?"}: ${typeHtml(type)}`,
    );
    return `{ ${fields.join("; ")} }`;
  }
  const bounds =
    schema.maximum !== undefined && schema.maximum < Number.MAX_SAFE_INTEGER
      ? ` ${schema.minimum ?? ""}–${schema.maximum}`
      : "";
  return `${h([schema.type ?? "any JSON"].flat().join(" | "))}${bounds}${schema.format === undefined ? "" : ` (${h(schema.format)})`}`;
}

function table(caption: string, rows: string[][]): string {
  if (rows.length === 0) return "";
  const cells = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join("")}</tr>`);
  return `<div class="table" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption><tbody>${cells.join("\n")}</tbody></table></div>`;
}

/** A sentence, with what stands between backticks as code. */
function prose(text: string): string {
  return h(text).replace(/`([^`]+)`/g, "<code>$1</code>");
}
