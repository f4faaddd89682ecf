import type { Heading } from "./markdown.ts";

/** The fields of an OpenAPI document that are shown. */
interface Document {
  readonly info: { readonly version: string; readonly summary: string };
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}
interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly object[];
  readonly parameters: readonly {
    readonly name: string;
    readonly required: boolean;
    readonly description?: string;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}
type Content = Readonly<Record<string, { readonly schema: Schema }>>;
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: string;
}

/** A text with its headings: those of depth 2 begin a group. */
export interface Reference {
  readonly version: string;
  readonly markdown: string;
  readonly headings: readonly (Heading & { readonly depth: 2 | 3 })[];
}

/** Writes an OpenAPI document as Markdown. */
export function referenceOf(openapi: object): Reference {
  const { info, tags, paths, components } = openapi as Document;
  const headings: (Heading & { depth: 2 | 3 })[] = [];
  const text = [info.summary];
  const write = (depth: 2 | 3, title: string, anchor: string, ...blocks: readonly string[]): void => {
    headings.push({ depth, title, anchor });
    text.push(`${"#".repeat(depth)} ${title}`, ...blocks.filter((block) => block !== ""));
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      address: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  );
  for (const { name } of tags) {
    write(2, name, `tag-${name.toLowerCase().replaceAll(" ", "-")}`);
    for (const { address, operation } of operations.filter(({ operation }) => operation.tags[0] === name))
      write(3, operation.summary, operation.operationId, `\`${address}\``, ...blocksOf(operation));
  }
  write(2, "Schemas", "schemas");
  for (const [name, schema] of Object.entries(components.schemas))
    write(3, name, anchorOf(name), fieldsOf(schema));
  return { version: info.version, markdown: text.join("\n\n"), headings };
}

const PROBLEM = "application/problem+json";

function blocksOf({ description = "", security, parameters, requestBody, responses }: Operation): string[] {
  const [errors = [], replies = []] = [true, false].map((isProblem) =>
    Object.entries(responses).filter(([, { content = {} }]) => PROBLEM in content === isProblem),
  );
  const replyRows = replies.map(([status, { description, content = {} }]) => [
    status,
    Object.entries(content)
      .map(([type, { schema }]) => `${typeOf(schema)} as \`${type}\``)
      .join(", or "),
    description,
  ]);
  const codes = errors.map(([status, { description }]) => `${status} ${description}`);
  return [
    description,
    security.length === 0 ? "Needs no credential." : "",
    table(["Parameter", "Type", ""], parameters.map(fieldRow)),
    requestBody === undefined
      ? ""
      : `Body: ${Object.values(requestBody.content)
          .map(({ schema }) => typeOf(schema))
          .join(", or ")}`,
    table(["Status", "Reply", ""], replyRows),
    codes.length === 0 ? "" : `Errors, as a [Problem](#${anchorOf("Problem")}): ${codes.join("; ")}`,
  ];
}

function fieldsOf(schema: Schema): string {
  const rows = Object.entries(schema.properties ?? {}).map(([name, field]) =>
    fieldRow({ name, required: schema.required?.includes(name) === true, schema: field }),
  );
  return rows.length === 0 ? typeOf(schema) : table(["Field", "Type", ""], rows);
}

function fieldRow({ name, required, schema, description }: Operation["parameters"][number]): string[] {
  return [
    `\`${name}\``,
    `${typeOf(schema)}${required ? "" : ", optional"}`,
    description ?? schema.description ?? "",
  ];
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A schema in one line. */
function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1);
    return `[${name}](#${anchorOf(name)})`;
  }
  const union = schema.anyOf ?? schema.oneOf;
  if (union !== undefined) return union.map(typeOf).join(" | ");
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(literal).join(" | ");
  if (schema.type === "array") return `${typeOf(schema.items ?? {})}[]`;
  if (schema.type === "object" && schema.properties !== undefined) {
    const fields = Object.entries(schema.properties).map(
      ([name, field]) =>
        `\`${name}\`${schema.required?.includes(name) === true ? "" : "?"}: ${typeOf(field)}`,
    );
    return `{ ${fields.join("; ")} }`;
  }
  const { minimum = "", maximum = Number.MAX_SAFE_INTEGER, format } = schema;
  const range = maximum < Number.MAX_SAFE_INTEGER ? ` ${minimum}–${maximum}` : "";
  return `${[schema.type ?? "any JSON"].flat().join(" | ")}${range}${format === undefined ? "" : ` (${format})`}`;
}

function literal(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}

function anchorOf(schema: string): string {
  return `schema-${schema}`;
}
