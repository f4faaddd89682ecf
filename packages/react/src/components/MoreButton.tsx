import type { ReactNode } from "react";

import { useAllStrings } from "../hooks/useAllStrings.ts";
import { Button, type ButtonProps } from "./Button.tsx";

export interface MoreButtonProps extends Pick<ButtonProps, "onPress"> {
  readonly more: "none" | "more" | "loading" | "failed";
}

/** Below a list: reads its next page. */
export function MoreButton({ more, onPress }: MoreButtonProps): ReactNode {
  const strings = useAllStrings();
  if (more === "none") return null;
  const label = more === "failed" ? strings.retry : strings.loadMore;
  return <Button tone="quiet" label={label} disabled={more === "loading"} onPress={onPress} />;
}
