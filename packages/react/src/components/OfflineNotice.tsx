import type { ReactNode } from "react";

import { useOnline } from "../hooks/useOnline.ts";
import { useStrings } from "../hooks/useStrings.ts";
import { Notice } from "./Notice.tsx";

/** Says that there is no network. */
export function OfflineNotice(): ReactNode {
  const strings = useStrings();
  return useOnline() ? null : <Notice tone="trouble">{strings.offline}</Notice>;
}
