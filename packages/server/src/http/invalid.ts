import { ChatkeepError } from "@chatkeep/protocol";
import type { z } from "zod";

/** A part of a request. A fault in the body is named by a JSON Pointer, in other parts by the name of the parameter. */
export type Place = "body" | "query" | "path" | "header";

type Issue = z.core.$ZodIssue;

/** The first fault ends the check: naming those of 20,000 wrong parts would take a quarter of a second. */
export const VALIDATION: z.core.ParseContextInternal<Issue> = { reportInput: true, abortEarly: true };

/** The `invalid_request` for what zod found. */
export function invalid(issues: readonly Issue[], place: Place): ChatkeepError {
  const { path, text } = describe(deepest(issues));
  const pointer = place === "body" ? pointerOf(path) : path.map(String).join(".");
  return new ChatkeepError("invalid_request", `${nameOf(place, pointer)} ${text}.`, { pointer });
}

/**
 * The issue to report. In a union it is an issue of the member that was meant: the member with the fewest unknown
 * fields, then with the fewest issues, then with the deepest fault.
 */
function deepest(issues: readonly Issue[]): Issue {
  const issue = issues[0];
  if (issue === undefined) throw new TypeError("A schema refused a value without an issue.");
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return issue;
  const unknown = (member: readonly Issue[]): number =>
    member.reduce((count, one) => count + (one.code === "unrecognized_keys" ? one.keys.length : 0), 0);
  const depth = (member: readonly Issue[]): number => member[0]?.path.length ?? 0;
  const [meant = []] = issue.errors.toSorted(
    (a, b) => unknown(a) - unknown(b) || a.length - b.length || depth(b) - depth(a),
  );
  const inner = deepest(meant);
  return { ...inner, path: [...issue.path, ...inner.path] };
}

function describe(issue: Issue): { path: PropertyKey[]; text: string } {
  const { path, message } = issue;
  if (issue.code !== "unrecognized_keys" && issue.input === undefined) return { path, text: "is missing" };
  // Messages of our schemas begin with a small letter, zod's with a capital.
  if (/^[a-z]/.test(message)) return { path, text: message };
  switch (issue.code) {
    case "unrecognized_keys":
      return { path: [...path, issue.keys[0] ?? ""], text: "is not a known field" };
    case "invalid_type":
      return { path, text: `must be ${article(issue.expected)}` };
    case "invalid_value":
      return { path, text: `must be ${choice(issue.values)}` };
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
