import { Notice, RetryButton, useLoaded } from "@chatkeep/react";
import { type ComponentType, type ReactNode, useLayoutEffect, useRef } from "react";

/** A part of the panel that is only shown after a press, with the rules that it is shown by. */
interface LaterPart<Props> {
  readonly View: ComponentType<Props>;
  readonly sheet: CSSStyleSheet;
}

export interface LaterProps<Props> {
  /** Must stay the same function. */
  readonly load: () => Promise<LaterPart<Props>>;
  readonly className?: string | undefined;
  readonly props: Props;
  /** What is said when it could not be loaded. */
  readonly failed: string;
}

/** Shows a part that is loaded when it is first shown. */
export function Later<Props extends object>({
  load,
  className,
  props,
  failed,
}: LaterProps<Props>): ReactNode {
  const loaded = useLoaded(load);
  const place = useRef<HTMLDivElement>(null);
  const part = loaded.status === "loaded" ? loaded.value : null;
  useLayoutEffect(() => {
    const root = place.current?.getRootNode();
    if (part === null || !(root instanceof ShadowRoot) || root.adoptedStyleSheets.includes(part.sheet))
      return;
    root.adoptedStyleSheets.push(part.sheet);
  }, [part]);
  return (
    <div ref={place} className={className}>
      {part !== null && <part.View {...props} />}
      {loaded.status === "failed" && (
        <Notice tone="trouble" actions={<RetryButton onPress={loaded.retry} />}>
          {failed}
        </Notice>
      )}
    </div>
  );
}
