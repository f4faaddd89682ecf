import { ROLES, type Part } from "@chatkeep/protocol";

import type { Attachment, ForeignMessage } from "./foreign.ts";
import type { Report } from "./report.ts";

/** The roles of messages that a person may bring: a system message would instruct the host's model. */
const ROLES_OF_PEOPLE: readonly string[] = ROLES.filter((role) => role !== "system");

/** Whether a message may be stored. */
export function isAllowed({ role }: ForeignMessage, isTrusted: boolean, report: Report): boolean {
  if (isTrusted || ROLES_OF_PEOPLE.includes(role)) return true;
  report.leave(`A message of the role ${role}`);
  return false;
}

/**
 * A message without parts that would make the server act. An approved call is run, so a person could run the host's tools
 * with any arguments. Providers accept data that they signed for the host, and look up their ids in the host's account.
 */
export function harmless(message: ForeignMessage, report: Report): ForeignMessage {
  return { ...message, parts: message.parts.flatMap((part) => harmlessPart(part, report)) };
}

function harmlessPart(given: Part | Attachment, report: Report): (Part | Attachment)[] {
  switch ((given as Part | Attachment | null)?.type) {
    case "approval":
    case "approval-request":
      report.leave("An approval of a tool's call");
      return [];
    case "attachment": {
      const { part, ...attachment } = given as Attachment;
      if (part === undefined) return [attachment];
      return [{ ...attachment, part: withoutProvider(part) }];
    }
    case "tool-call":
      // The server and its clients make no calls that a provider makes.
      return [{ ...withoutProvider(given as Part & { type: "tool-call" }), executor: "provider" }];
    case undefined:
      return [given];
    default:
      return [withoutProvider(given as Part)];
  }
}

function withoutProvider<P extends Part>(part: P): P {
  const { metadata: _metadata, ui: _ui, ...own } = part as P & { metadata?: unknown; ui?: unknown };
  return own as unknown as P;
}
