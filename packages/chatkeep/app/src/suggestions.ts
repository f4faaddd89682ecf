import { useEffect, useState } from "react";

/** How many are shown. */
const MOST = 4;

/**
 * Questions about the chapters of the server's book, read from its list of chapters; none when it has no book
 * or cannot be asked: they are a help, not a state of the page.
 */
export function useSuggestions(): readonly string[] {
  const [suggestions, setSuggestions] = useState<readonly string[]>([]);
  useEffect(() => {
    const controller = new AbortController();
    void readTitles(controller.signal).then((titles) => {
      if (!controller.signal.aborted) setSuggestions(titles.slice(0, MOST).map(questionAbout));
    });
    return () => controller.abort();
  }, []);
  return suggestions;
}

function questionAbout(title: string): string {
  return `What does “${title}” say?`;
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
