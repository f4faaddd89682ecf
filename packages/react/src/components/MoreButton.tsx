import { type ReactNode, useEffect, useRef } from "react";

import { useAllStrings } from "../hooks/useAllStrings.ts";
import { Button } from "./Button.tsx";

export interface MoreButtonProps {
  readonly more: "none" | "more" | "loading" | "failed";
  readonly onPress: () => void;
}

/** Below a list: reads its next page when it comes into sight, or is pressed. */
export function MoreButton({ more, onPress }: MoreButtonProps): ReactNode {
  const strings = useAllStrings();
  const mark = useRef<HTMLDivElement>(null);
  const press = useRef(onPress);
  useEffect(() => void (press.current = onPress));
  // Made anew after every page: one that stays in sight reports nothing a second time.
  useEffect(() => {
    if (more !== "more" || mark.current === null) return;
    const observer = new IntersectionObserver((seen) => {
      if (seen.at(-1)?.isIntersecting === true) press.current();
    });
    observer.observe(mark.current);
    return () => observer.disconnect();
  }, [more]);
  if (more === "none") return null;
  const label = more === "failed" ? strings.retry : strings.loadMore;
  return (
    <div className="ck-more" ref={mark}>
      <Button tone="quiet" label={label} disabled={more === "loading"} onPress={onPress} />
    </div>
  );
}
