import { ChatkeepError, type Owner, type Role, type WireMessageInput } from "@chatkeep/protocol";

/** The roles that an owner may write without a turn. */
export type WritableRoles = (owner: Owner) => readonly Role[];

/** Errors: `forbidden` when a message tells what it was elsewhere, which its sender could make up. */
export function refuseOriginals(inputs: readonly WireMessageInput[], several: boolean): void {
  for (const [index, input] of inputs.entries()) {
    const name = (["created_at", "status", "error"] as const).find(
      (field) => (input[field] ?? null) !== null,
    );
    if (name === undefined) continue;
    throw new ChatkeepError("forbidden", `Writing a message's \`${name}\` requires a server key.`, {
      pointer: several ? `/messages/${index}/${name}` : `/${name}`,
    });
  }
}

/** Errors: `forbidden` when a message has a role that its sender may not write. */
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
