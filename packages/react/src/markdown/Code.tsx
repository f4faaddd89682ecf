import { type ReactNode, useEffect, useMemo } from "react";

import { useSnapshot } from "../hooks/useSnapshot.ts";
import { createValue } from "../state/snapshot.ts";
import type * as Highlighter from "./highlighter.ts";

export interface CodeProps {
  readonly text: string;
  /** The language that the fence names. */
  readonly fence: string;
  /** Whether the block still grows. Until it is whole, it has one colour. */
  readonly isGrowing: boolean;
}

/** The highlighter and its languages. */
interface Colouring {
  readonly highlighter: typeof Highlighter;
  readonly languages: ReadonlySet<string>;
}

const loaded = createValue<Colouring | null>(null);
/** Longer code stays in one colour: at a sixth of a desktop's speed it would stop the page for 100 ms. */
const LONGEST = 20_000;

/** Code in the colours of its language, once it is whole and the highlighter is loaded. Makes no HTML string. */
export function Code({ text, fence, isGrowing }: CodeProps): ReactNode {
  const colouring = useSnapshot(loaded);
  const isPlain = isGrowing || fence === "" || text.length > LONGEST;
  useEffect(() => {
    if (!isPlain) load(fence).catch(() => undefined);
  }, [isPlain, fence]);
  const language = isPlain ? undefined : colouring?.highlighter.languageOf(fence);
  const isReady = language !== undefined && colouring?.languages.has(language) === true;
  const pieces = useMemo(
    () => (isReady ? colouring.highlighter.piecesOf(text, language) : null),
    // oxlint-disable-next-line react-hooks/exhaustive-deps
    [isReady, language, text],
  );
  if (pieces === null) return <code>{text}</code>;
  return (
    <code>
      {pieces.map(({ text: words, kind }, index) =>
        kind === null ? (
          words
        ) : (
          <span key={index} data-kind={kind}>
            {words}
          </span>
        ),
      )}
    </code>
  );
}

async function load(fence: string): Promise<void> {
  const highlighter = await import("./highlighter.ts");
  const language = highlighter.languageOf(fence);
  if (language === undefined || loaded.getSnapshot()?.languages.has(language) === true) return;
  await highlighter.loadLanguage(language);
  loaded.set({ highlighter, languages: new Set([...(loaded.getSnapshot()?.languages ?? []), language]) });
}
