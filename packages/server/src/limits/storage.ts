import { ownerId } from "@chatkeep/core";
import { ChatkeepError, type Owner } from "@chatkeep/protocol";

/** How much may be written in a day, in bytes; 0 is as much as one likes. */
export interface StorageQuota {
  /** By one owner (default 128 MiB: 40 pictures of 3 MB). */
  readonly bytesPerOwner: number;
  /** From one address (default 1 GiB: a school shares one). */
  readonly bytesPerAddress: number;
}

/** The quotas when none are given. */
export const DEFAULT_STORAGE: StorageQuota = {
  bytesPerOwner: 128 * 1024 * 1024,
  bytesPerAddress: 1024 * 1024 * 1024,
};

/** Counts what is written, on each node for itself: a day's quota costs no statement. */
export interface StorageCounter {
  /** Counts `bytes` more; gives the `rate_limited` error when they are too many. */
  count(bytes: number, owner: Owner, address: string | undefined): ChatkeepError | undefined;
}

const DAY = 86_400_000;
/** Owners and addresses that are remembered: 20 MB. The one that was counted first is forgotten, and counted anew. */
const MOST = 100_000;

/** Quotas in fixed windows of a day, from the start of the node on. */
export function createStorageCounter(quota: StorageQuota): StorageCounter {
  const written = new Map<string, number>();
  let began = performance.now();

  const add = (who: string, bytes: number): number => {
    const sum = (written.get(who) ?? 0) + bytes;
    written.set(who, sum);
    if (written.size > MOST) written.delete(written.keys().next().value ?? "");
    return sum;
  };
  const exceeded = (who: string, most: number): ChatkeepError => {
    const seconds = Math.ceil((began + DAY - performance.now()) / 1000);
    const detail = `The limit of ${most} bytes a day of one ${who} is reached. Try again in ${seconds} seconds.`;
    return new ChatkeepError("rate_limited", detail, { retryAfter: seconds });
  };

  return {
    count(bytes, owner, address) {
      if (performance.now() - began >= DAY) {
        written.clear();
        began = performance.now();
      }
      const { bytesPerOwner, bytesPerAddress } = quota;
      if (bytesPerOwner > 0 && add(ownerId(owner), bytes) > bytesPerOwner)
        return exceeded("person", bytesPerOwner);
      if (address !== undefined && bytesPerAddress > 0 && add(address, bytes) > bytesPerAddress)
        return exceeded("address", bytesPerAddress);
      return undefined;
    },
  };
}
