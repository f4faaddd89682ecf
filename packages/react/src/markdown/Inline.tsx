import type { Citation } from "@chatkeep/protocol";
import type { Token } from "marked";
import { Fragment, type ReactNode } from "react";

import { CitationMark } from "./CitationMark.tsx";
import type { AnswerToken } from "./extensions.ts";
import { FootnoteMark } from "./FootnoteMark.tsx";
import { Formula } from "./Formula.tsx";
import { Link } from "./Link.tsx";
import { type MarkupToken, isBreak, joinMarkup } from "./markup.ts";
import { decodeReferences } from "./reference.ts";

export interface InlineProps {
  readonly tokens: readonly Token[];
  /** The sources of the markers `[1]`, `[2]`, …. */
  readonly citations: readonly Citation[];
}

/** The words of a block as elements. Raw HTML is shown as text, except `<kbd>`, `<sub>`, `<sup>` and `<br>`. */
export function Inline({ tokens, citations }: InlineProps): ReactNode {
  return joinMarkup(tokens).map((token, index) => (
    <Fragment key={index}>{element(token as AnswerToken | MarkupToken, citations)}</Fragment>
  ));
}

function element(token: AnswerToken | MarkupToken, citations: readonly Citation[]): ReactNode {
  const inner = (tokens: readonly Token[]): ReactNode => <Inline tokens={tokens} citations={citations} />;
  switch (token.type) {
    case "strong":
      return <strong>{inner(token.tokens)}</strong>;
    case "em":
      return <em>{inner(token.tokens)}</em>;
    case "del":
      return <del>{inner(token.tokens)}</del>;
    case "codespan":
      return <code>{token.text}</code>;
    case "br":
      return <br />;
    case "link":
      return (
        <Link address={token.autolink === true ? token.href : decodeReferences(token.href)}>
          {token.autolink === true ? token.text : inner(token.tokens)}
        </Link>
      );
    case "image":
      // Never fetched: an image's address in an answer would tell its server who reads it.
      return (
        <Link address={decodeReferences(token.href)}>{token.text === "" ? token.href : token.text}</Link>
      );
    case "escape":
      return token.text;
    case "text":
      return token.tokens === undefined ? withMarks(token.text, citations) : inner(token.tokens);
    case "markup":
      return <token.tag>{inner(token.tokens)}</token.tag>;
    case "formula":
      return <Formula token={token} />;
    case "footnoteMark":
      return <FootnoteMark label={token.label} />;
    case "html":
      return isBreak(token.raw) ? <br /> : token.raw;
    case "checkbox":
      return <input type="checkbox" checked={token.checked} disabled />;
    default:
      return token.raw;
  }
}

/** Text in which the markers that have a citation are links to it. */
function withMarks(text: string, citations: readonly Citation[]): ReactNode {
  const pieces = text.split(/\[(\d{1,3})\]/);
  if (pieces.length === 1) return decodeReferences(text);
  return pieces.map((piece, index) => {
    // A marker stays on the line of the word before it.
    if (index % 2 === 0)
      return decodeReferences(piece).replace(/ $/, index < pieces.length - 1 ? "\u00a0" : " ");
    const citation = citations[Number(piece) - 1];
    return citation === undefined ? (
      `[${piece}]`
    ) : (
      <CitationMark key={index} number={Number(piece)} citation={citation} />
    );
  });
}
