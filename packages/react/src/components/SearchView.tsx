import type { SearchHit, Snippet } from "@chatkeep/protocol";
import { type ReactNode, useEffect, useRef, useState } from "react";

import { useAllStrings } from "../hooks/useAllStrings.ts";
import { useSnapshot } from "../hooks/useSnapshot.ts";
import { inPlace } from "../state/in-place.ts";
import type { Search, SearchState } from "../state/search.ts";
import { dateIn } from "../strings/format.ts";
import { RetryButton } from "./Button.tsx";
import { MoreButton } from "./MoreButton.tsx";
import { Notice } from "./Notice.tsx";

export interface SearchViewProps {
  readonly search: Search;
  /** The address of a conversation. */
  readonly addressOf: (conversationId: string) => string;
  /** Opens the conversation at the message that was found. */
  readonly onOpen: (hit: SearchHit) => void;
}

/** A search field and its hits. Takes the focus when it appears. */
export function SearchView({ search, addressOf, onOpen }: SearchViewProps): ReactNode {
  const strings = useAllStrings();
  const state = useSnapshot(search);
  // Its own state: a snapshot comes a frame later, and a field set back meanwhile loses what is typed fast.
  const [text, setText] = useState(state.text);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <search className="ck-search">
      <input
        ref={field}
        type="search"
        className="ck-field"
        value={text}
        placeholder={strings.searchPlaceholder}
        aria-label={strings.search}
        onChange={(event) => {
          setText(event.target.value);
          search.set(event.target.value);
        }}
      />
      <output className="ck-hidden">{told(state, strings)}</output>
      {state.status === "failed" && (
        <Notice tone="trouble" actions={<RetryButton onPress={() => void search.retry()} />}>
          {strings.searchFailed} {state.failure}
        </Notice>
      )}
      {state.status === "ready" && state.hits.length === 0 && (
        <p className="ck-nav-empty">{strings.noHits(state.text.trim())}</p>
      )}
      <ol className="ck-hits" aria-busy={state.status === "searching"}>
        {state.hits.map((hit) => (
          <li key={hit.message.id}>
            <Hit hit={hit} address={addressOf(hit.message.conversationId)} onOpen={onOpen} />
          </li>
        ))}
      </ol>
      <MoreButton more={state.more} onPress={() => void search.loadMore()} />
    </search>
  );
}

function told({ status, hits, text }: SearchState, strings: ReturnType<typeof useAllStrings>): string {
  if (status !== "ready") return status === "searching" ? strings.searching : "";
  return hits.length === 0 ? strings.noHits(text.trim()) : strings.hits(hits.length);
}

interface HitProps extends Pick<SearchViewProps, "onOpen"> {
  readonly hit: SearchHit;
  readonly address: string;
}

function Hit({ hit, address, onOpen }: HitProps): ReactNode {
  const strings = useAllStrings();
  const place = hit.scopeLabel === null ? [] : [hit.scopeLabel];
  return (
    <a className="ck-hit" href={address} onClick={inPlace(() => onOpen(hit))}>
      <span className="ck-hit-place">
        {[hit.title ?? strings.untitled, ...place, dateIn(strings, hit.message.createdAt)].join(" · ")}
      </span>
      <span className="ck-snippet">{markedSnippet(hit.snippet)}</span>
    </a>
  );
}

/** A piece of a message in which what was found is marked. */
export function markedSnippet({ text, marks }: Snippet): ReactNode {
  const pieces: ReactNode[] = [];
  let from = 0;
  for (const { start, end } of marks) {
    pieces.push(text.slice(from, start), <mark key={start}>{text.slice(start, end)}</mark>);
    from = end;
  }
  return [...pieces, text.slice(from)];
}
