import { type ReactNode, useEffect, useState } from "react";

import { RetryButton } from "./Button.tsx";
import { Notice } from "./Notice.tsx";

/** What is loaded already appears at once. */
const parts = new WeakMap<object, { readonly part: unknown }>();

/** Loads a part when it first appears, and offers a retry when that failed. */
export function Later<Part>(props: {
  /** Must stay the same function. */
  readonly load: () => Promise<Part>;
  readonly children: (part: Part) => ReactNode;
  /** What is shown until then; default nothing. */
  readonly before?: ReactNode;
  /** What is said when it could not be loaded. */
  readonly failed: string;
}): ReactNode {
  const { load, children, before, failed } = props;
  const [loaded, setLoaded] = useState<{ readonly part: Part } | { readonly retry: () => void } | null>(
    (parts.get(load) as { part: Part } | undefined) ?? null,
  );
  useEffect(() => {
    const begin = (): void => {
      if (parts.has(load)) return;
      setLoaded(null);
      load().then(
        (part) => {
          const now = { part };
          parts.set(load, now);
          setLoaded(now);
        },
        () => setLoaded({ retry: begin }),
      );
    };
    begin();
  }, [load]);
  if (loaded !== null && "part" in loaded) return children(loaded.part);
  return (
    <>
      {before}
      {loaded !== null && (
        <Notice tone="trouble" actions={<RetryButton onPress={loaded.retry} />}>
          {failed}
        </Notice>
      )}
    </>
  );
}
