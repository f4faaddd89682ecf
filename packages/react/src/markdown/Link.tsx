import type { ReactNode } from "react";

import { isForeign, safeAddress } from "./address.ts";

export interface LinkProps {
  readonly address: string;
  readonly children: ReactNode;
}

/** A link out of an answer; only its text when the address is not safe to follow. */
export function Link({ address, children }: LinkProps): ReactNode {
  const safe = safeAddress(address);
  if (safe === null) return <>{children}</>;
  return (
    <a href={safe} target="_blank" rel={isForeign(safe) ? "noopener noreferrer nofollow" : "noopener"}>
      {children}
    </a>
  );
}
