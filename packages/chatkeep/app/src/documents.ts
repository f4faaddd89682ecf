import { useEffect, useState } from "react";

/** How many are shown. */
const MOST = 6;

/**
 * The titles of the server's first documents; none when it has no docs or cannot be asked: they are a help, not a
 * state of the page.
 */
export function useDocuments(): readonly string[] {
  const [titles, setTitles] = useState<readonly string[]>([]);
  useEffect(() => {
    const controller = new AbortController();
    void readTitles(controller.signal).then((read) => {
      if (!controller.signal.aborted) setTitles(read.slice(0, MOST));
    });
    return () => controller.abort();
  }, []);
  return titles;
}

async function readTitles(signal: AbortSignal): Promise<string[]> {
  try {
    const response = await fetch("./documents", { headers: { accept: "application/json" }, signal });
    const { documents } = (await response.json()) as { documents: { title: string }[] };
    return documents.map(({ title }) => title);
  } catch {
    return [];
  }
}
