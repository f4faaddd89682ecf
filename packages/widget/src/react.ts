/**
 * What the components use of React, on Preact. Preact's own `preact/compat` is all of React in 2 KB; this is 0.5.
 * A name that is not here does not compile.
 */
import { type ComponentChild, type FunctionComponent, type VNode, createElement, options } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

export { Component, Fragment, createContext, createElement } from "preact";
export { useContext, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

/** What the compiler makes of an element. */
export function jsx(type: VNode["type"], props: object, key?: string): VNode {
  return createElement(type as string, { ...props, key });
}
export { jsx as jsxs };

/** The names of React's that a browser has not: there `change` is told with each letter, and focus goes up the tree. */
const NAMES: Readonly<Record<string, string>> = {
  className: "class",
  onFocus: "onfocusin",
  onBlur: "onfocusout",
};

const { vnode: prepare } = options;
options.vnode = (vnode) => {
  if (typeof vnode.type === "string") vnode.props = propsOf(vnode.type, vnode.props);
  prepare?.(vnode);
};
options.event = (event) => Object.assign(event, { nativeEvent: event });

function propsOf(type: string, props: VNode["props"]): VNode["props"] {
  const isText = type === "textarea" || (type === "input" && !("checked" in props));
  const entries = Object.entries(props).map(([name, value]) => [
    isText && name === "onChange" ? "oninput" : (NAMES[name] ?? name),
    value as unknown,
  ]);
  return Object.fromEntries(entries) as VNode["props"];
}

/** Renders a component again only when one of its properties is another. */
export function memo<Props extends object>(component: FunctionComponent<Props>): FunctionComponent<Props> {
  function Remembered(this: { shouldComponentUpdate: unknown }, props: Props): ComponentChild {
    this.shouldComponentUpdate = (next: Props) => !isSame(props, next);
    return createElement(component, props);
  }
  return Remembered;
}

function isSame<Props extends object>(before: Props, after: Props): boolean {
  const names = Object.keys({ ...before, ...after }) as (keyof Props)[];
  return names.every((name) => Object.is(before[name], after[name]));
}

/** The state of something outside; the component renders again when it has changed. */
export function useSyncExternalStore<State>(
  subscribe: (listener: () => void) => () => void,
  getSnapshot: () => State,
): State {
  const [, keep] = useState(getSnapshot);
  // In the same task: what is known before the first frame is in it.
  useLayoutEffect(() => {
    const look = (): void => keep(() => getSnapshot());
    // What has changed before it was subscribed to.
    look();
    return subscribe(look);
  }, [subscribe, getSnapshot]);
  return getSnapshot();
}
