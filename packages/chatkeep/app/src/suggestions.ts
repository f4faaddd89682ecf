import { useEffect, useState } from "react";

/** A question that can be asked with one press. */
export interface Suggestion {
  /** What is shown: a chapter's title. */
  readonly label: string;
  readonly question: string;
}

/** How many are shown. */
const MOST = 6;

/**
 * Questions about the chapters of the server's book, read from its list of chapters; none when it has no book
 * or cannot be asked: they are a help, not a state of the page.
 */
export function useSuggestions(): readonly Suggestion[] {
  const [suggestions, setSuggestions] = useState<readonly Suggestion[]>([]);
  useEffect(() => {
    const controller = new AbortController();
    void readTitles(controller.signal).then((titles) => {
      if (controller.signal.aborted) return;
      setSuggestions(titles.slice(0, MOST).map((label) => ({ label, question: `Tell me about “${label}”` })));
    });
    return () => controller.abort();
  }, []);
  return suggestions;
}

async function readTitles(signal: AbortSignal): Promise<string[]> {
  try {
    const response = await fetch("./book", { headers: { accept: "application/json" }, signal });
    const { chapters } = (await response.json()) as { chapters: { title: string }[] };
    return chapters.map((chapter) => chapter.title);
  } catch {
    return [];
  }
}
