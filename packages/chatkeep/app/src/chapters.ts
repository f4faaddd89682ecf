import { useEffect, useState } from "react";

/** How many are shown. */
const MOST = 6;

/**
 * The titles of the first chapters of the server's book; none when it has no book or cannot be asked: they are a
 * help, not a state of the page.
 */
export function useChapters(): readonly string[] {
  const [chapters, setChapters] = useState<readonly string[]>([]);
  useEffect(() => {
    const controller = new AbortController();
    void readTitles(controller.signal).then((titles) => {
      if (!controller.signal.aborted) setChapters(titles.slice(0, MOST));
    });
    return () => controller.abort();
  }, []);
  return chapters;
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
