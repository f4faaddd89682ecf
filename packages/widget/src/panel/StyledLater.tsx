import { Later } from "@chatkeep/react";
import { type ComponentType, type ReactNode, type RefObject, useLayoutEffect, useRef } from "react";

/** A part of the panel that is only shown after a press, with the rules that it is shown by. */
interface StyledPart<Props> {
  readonly View: ComponentType<Props>;
  readonly sheet: CSSStyleSheet;
}

/** Shows a part that is loaded when it is first shown, with its style sheet. */
export function StyledLater<Props extends object>(props: {
  /** Must stay the same function. */
  readonly load: () => Promise<StyledPart<Props>>;
  readonly className?: string | undefined;
  readonly props: Props;
  /** What is said when it could not be loaded. */
  readonly failed: string;
}): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  return (
    <div ref={place} className={props.className}>
      <Later load={props.load} failed={props.failed}>
        {({ View, sheet }) => (
          <>
            <Sheet sheet={sheet} place={place} />
            <View {...props.props} />
          </>
        )}
      </Later>
    </div>
  );
}

function Sheet(props: { readonly sheet: CSSStyleSheet; readonly place: RefObject<Element | null> }): null {
  const { sheet, place } = props;
  useLayoutEffect(() => {
    const root = place.current?.getRootNode();
    if (root instanceof ShadowRoot && !root.adoptedStyleSheets.includes(sheet))
      root.adoptedStyleSheets.push(sheet);
  }, [sheet, place]);
  return null;
}
