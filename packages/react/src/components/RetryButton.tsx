import type { ReactNode } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import { Icon } from "./Icon.tsx";

export interface RetryButtonProps {
  readonly onPress: () => void;
}

/** Does again what has failed. */
export function RetryButton({ onPress }: RetryButtonProps): ReactNode {
  const { retry } = useStrings();
  return (
    <button type="button" className="ck-button" onClick={onPress}>
      <Icon name="retry" />
      {retry}
    </button>
  );
}
