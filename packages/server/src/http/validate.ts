import { ChatkeepError } from "@chatkeep/protocol";
import type { z } from "zod";

/** Where a value stands in the request: a body's faults are named by JSON Pointers, the others' by their names. */
export type Place = "body" | "query" | "path" | "header";

/** Reads `value` as `schema` tells, or throws `invalid_request` with the place and the first fault in words. */
export function validate<T>(schema: z.ZodType<T>, value: unknown, place: Place): T {
  const result = schema.safeParse(value, CONTEXT);
  if (result.success) return result.data;
  const { path, text } = describe(deepest(result.error.issues));
  const pointer = place === "body" ? pointerOf(path) : path.map(String).join(".");
  throw new ChatkeepError("invalid_request", `${nameOf(place, pointer)} ${text}.`, { pointer });
}

type Issue = z.core.$ZodIssue;

/** The first fault ends it: to name those of 20,000 wrong parts takes a quarter of a second. */
const CONTEXT: z.core.ParseContextInternal<Issue> = { reportInput: true, abortEarly: true };

/**
 * The issue to tell of. In a union it is that of the member which was meant: the one with the fewest
 * unknown fields, then the one with the fewest issues, then the one in which the fault stands deepest.
 */
function deepest(issues: readonly Issue[]): Issue {
  const issue = issues[0];
  if (issue === undefined) throw new TypeError("A schema refused a value without an issue.");
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return issue;
  const unknown = (member: readonly Issue[]): number =>
    member.reduce(
      (count, { code, ...rest }) =>
        count + ("keys" in rest && code === "unrecognized_keys" ? rest.keys.length : 0),
      0,
    );
  const meant =
    issue.errors.toSorted(
      (a, b) => unknown(a) - unknown(b) || a.length - b.length || depthOf(b) - depthOf(a),
    )[0] ?? [];
  const inner = deepest(meant);
  return { ...inner, path: [...issue.path, ...inner.path] };
}

function depthOf(member: readonly Issue[]): number {
  return member[0]?.path.length ?? 0;
}

function describe(issue: Issue): { path: PropertyKey[]; text: string } {
  const { path, message } = issue;
  if (issue.code !== "unrecognized_keys" && issue.input === undefined) return { path, text: "is missing" };
  // Our schemas' own words begin small, zod's with a capital.
  if (/^[a-z]/.test(message)) return { path, text: message };
  switch (issue.code) {
    case "unrecognized_keys":
      return { path: [...path, issue.keys[0] ?? ""], text: "is not known here" };
    case "invalid_type":
      return { path, text: `must be ${article(issue.expected)}` };
    case "invalid_value":
      return {
        path,
        text: issue.input === undefined ? "is missing" : `must be ${choice(issue.values)}`,
      };
    case "invalid_union":
      return { path, text: `must be ${choice("options" in issue ? (issue.options ?? []) : [])}` };
    case "too_small":
      return { path, text: `must have at least ${issue.minimum}` };
    case "too_big":
      return { path, text: `must have at most ${issue.maximum}` };
    default:
      return { path, text: `is not valid: ${message}` };
  }
}

function choice(values: readonly unknown[]): string {
  return values.map((value) => `\`${String(value)}\``).join(" or ");
}

function article(expected: string): string {
  return /^[aeiou]/.test(expected) ? `an ${expected}` : `a ${expected}`;
}

/** A JSON Pointer (RFC 6901). */
function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function nameOf(place: Place, pointer: string): string {
  if (place === "body") return pointer === "" ? "The body" : `\`${pointer}\``;
  return pointer === "" ? `The ${place}` : `\`${pointer}\` in the ${place}`;
}
