import type { Citation } from "@chatkeep/protocol";

import type { TabMemory } from "../memory.ts";

/** What the event `chatkeep-navigate` tells; cancel it to let the page's own router go there. */
interface NavigateDetail {
  /** The absolute address of the passage. */
  readonly url: string;
  readonly citation: Citation;
}

interface OpenCitationOptions {
  readonly host: Element;
  readonly memory: TabMemory;
  readonly citation: Citation;
  /** The absolute address of the passage. */
  readonly address: string;
}

/**
 * Goes to a passage, after asking the page. `here`: it is on this page, now or soon; `away`: another page is being
 * loaded, which shows it, or it cannot be reached.
 */
export function openCitation({ host, memory, citation, address }: OpenCitationOptions): "here" | "away" {
  const url = new URL(address);
  const detail: NavigateDetail = { url: url.href, citation };
  const event = new CustomEvent("chatkeep-navigate", {
    detail,
    cancelable: true,
    bubbles: true,
    composed: true,
  });
  if (!host.dispatchEvent(event)) return "here";
  const isHere =
    url.origin === location.origin && url.pathname === location.pathname && url.search === location.search;
  if (!isHere && url.origin === location.origin) memory.passage.set(citation.quote);
  if (isHere || url.origin === location.origin) location.assign(url);
  else open(url, "_blank", "noopener");
  return isHere ? "here" : "away";
}
