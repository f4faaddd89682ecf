import { type ReactNode, useEffect, useLayoutEffect, useMemo, useRef } from "react";

import { useSnapshot } from "../hooks/useSnapshot.ts";
import { once } from "../state/once.ts";
import { createValue } from "../state/snapshot.ts";
import type { FormulaToken } from "./extensions.ts";
import type { formulaOf } from "./formulas.ts";

const loaded = createValue<typeof formulaOf | null>(null);

/** Loads temml, 60 KB that only a formula needs. */
const loadFormulas = once(async () => loaded.set((await import("./formulas.ts")).formulaOf));

/** A formula. Shows its source until it is set, and if it cannot be set. */
export function Formula({ token }: { readonly token: FormulaToken }): ReactNode {
  const { raw, text, display } = token;
  const set = useSnapshot(loaded);
  useEffect(() => {
    loadFormulas().catch(() => undefined);
  }, []);
  const place = useRef<HTMLSpanElement>(null);
  const formula = useMemo(() => set?.(text, display) ?? null, [set, text, display]);
  useLayoutEffect(() => {
    if (formula !== null) place.current?.replaceChildren(formula);
  }, [formula]);
  if (formula === null) return <span className="ck-raw">{raw}</span>;
  return <span key="formula" ref={place} className="ck-formula" data-display={display ? "" : undefined} />;
}
