import type { Message, SearchHit, Snippet } from "@chatkeep/protocol";
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
  /** Opens a found conversation, or a conversation at the found message. */
  readonly onOpen: (conversationId: string, message?: Message) => void;
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
      {state.status === "ready" && countOf(state) === 0 && (
        <p className="ck-nav-empty">{strings.noHits(state.text.trim())}</p>
      )}
      <ol className="ck-hits" aria-busy={state.status === "searching"}>
        {state.titles.map(({ id, title, scopeLabel, updatedAt, marks }) => (
          <li key={id}>
            <a className="ck-hit" href={addressOf(id)} onClick={inPlace(() => onOpen(id))}>
              <span className="ck-snippet">{markedSnippet({ text: title ?? "", marks })}</span>
              <span className="ck-hit-place">{placeOf(scopeLabel, dateIn(strings, updatedAt))}</span>
            </a>
          </li>
        ))}
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

function told(state: SearchState, strings: ReturnType<typeof useAllStrings>): string {
  const { status, text } = state;
  if (status !== "ready") return status === "searching" ? strings.searching : "";
  const count = countOf(state);
  return count === 0 ? strings.noHits(text.trim()) : strings.hits(count);
}

function countOf({ titles, hits }: SearchState): number {
  return titles.length + hits.length;
}

function placeOf(...names: readonly (string | null)[]): string {
  return names.filter((name) => name !== null).join(" · ");
}

interface HitProps extends Pick<SearchViewProps, "onOpen"> {
  readonly hit: SearchHit;
  readonly address: string;
}

function Hit({ hit, address, onOpen }: HitProps): ReactNode {
  const strings = useAllStrings();
  return (
    <a
      className="ck-hit"
      href={address}
      onClick={inPlace(() => onOpen(hit.message.conversationId, hit.message))}
    >
      <span className="ck-hit-place">
        {placeOf(hit.title ?? strings.untitled, hit.scopeLabel, dateIn(strings, hit.message.createdAt))}
      </span>
      <span className="ck-snippet">{markedSnippet(hit.snippet)}</span>
    </a>
  );
}

/** A piece of a message, or a title, with the matches marked. */
export function markedSnippet({ text, marks }: Pick<Snippet, "text" | "marks">): ReactNode {
  const pieces: ReactNode[] = [];
  let from = 0;
  for (const { start, end } of marks) {
    pieces.push(text.slice(from, start), <mark key={start}>{text.slice(start, end)}</mark>);
    from = end;
  }
  return [...pieces, text.slice(from)];
}
