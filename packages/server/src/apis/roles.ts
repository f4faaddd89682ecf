import { ChatkeepError, type Owner, type Role, type WireMessageInput } from "@chatkeep/protocol";

/** Which roles an owner may write without a turn. */
export type WritableRoles = (owner: Owner) => readonly Role[];

/** Refuses messages of roles that their sender may not write. Errors: `forbidden`. */
export function requireRoles(
  inputs: readonly Pick<WireMessageInput, "role">[],
  roles: readonly Role[],
  several: boolean,
): void {
  for (const [index, { role }] of inputs.entries()) {
    if (roles.includes(role)) continue;
    throw new ChatkeepError("forbidden", `Writing a message of role \`${role}\` requires a server key.`, {
      pointer: several ? `/messages/${index}/role` : "/role",
    });
  }
}
