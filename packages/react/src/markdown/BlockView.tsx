import type { Citation } from "@chatkeep/protocol";
import type { MarkedToken, Token, Tokens } from "marked";
import { Fragment, type ReactNode, memo } from "react";

import { Scrollable } from "../components/Scrollable.tsx";
import { CodeBlock } from "./CodeBlock.tsx";
import { Inline } from "./Inline.tsx";

export interface BlockViewProps {
  readonly token: MarkedToken;
  /** What the markers `[1]`, `[2]`, … refer to; must be the same array while nothing of it changes. */
  readonly citations: readonly Citation[];
  /** Of a heading: 0 for the highest depth of its text, 1 for the next that occurs. */
  readonly rank: number;
}

/** A block of an answer as elements; a finished block is never rendered again. */
export const BlockView: (props: BlockViewProps) => ReactNode = memo(
  ({ token, citations, rank }: BlockViewProps) => {
    if (token.type !== "heading") return block(token, citations);
    // The page's own headings are the levels 1 and 2; a text that begins with `##` or `###` leaves no gap.
    const Heading = (["h3", "h4", "h5"] as const)[rank] ?? "h6";
    return (
      <Heading>
        <Inline tokens={token.tokens} citations={citations} />
      </Heading>
    );
  },
);

function block(token: MarkedToken, citations: readonly Citation[]): ReactNode {
  const inline = (tokens: readonly Token[]): ReactNode => <Inline tokens={tokens} citations={citations} />;
  switch (token.type) {
    case "paragraph":
      return <p>{inline(token.tokens)}</p>;
    case "heading":
      // In a list or a quotation it heads nothing.
      return (
        <p>
          <strong>{inline(token.tokens)}</strong>
        </p>
      );
    case "list":
      return list(token, citations);
    case "blockquote":
      return <blockquote dir="auto">{blocks(token.tokens, citations)}</blockquote>;
    case "code":
      return <CodeBlock text={token.text} language={token.lang ?? ""} />;
    case "table":
      return table(token, citations);
    case "hr":
      return <hr />;
    case "text":
      return inline([token]);
    case "space":
    case "def":
      return null;
    case "html":
      return <p className="ck-raw">{token.raw.trimEnd()}</p>;
    default:
      return inline([token]);
  }
}

function blocks(tokens: readonly Token[], citations: readonly Citation[]): ReactNode {
  return tokens.map((token, index) => (
    <Fragment key={index}>{block(token as MarkedToken, citations)}</Fragment>
  ));
}

function list(token: Tokens.List, citations: readonly Citation[]): ReactNode {
  const items = token.items.map((item, index) => (
    <li key={index} className={item.task ? "ck-task" : undefined}>
      {blocks(item.tokens, citations)}
    </li>
  ));
  if (!token.ordered) return <ul dir="auto">{items}</ul>;
  return (
    <ol dir="auto" start={token.start === "" ? undefined : token.start}>
      {items}
    </ol>
  );
}

function table(token: Tokens.Table, citations: readonly Citation[]): ReactNode {
  const cell = (each: Tokens.TableCell, index: number): ReactNode => {
    const Cell = each.header ? "th" : "td";
    return (
      <Cell key={index} data-align={each.align ?? undefined}>
        <Inline tokens={each.tokens} citations={citations} />
      </Cell>
    );
  };
  return (
    <Scrollable className="ck-table" label="table">
      <table dir="auto">
        <thead>
          <tr>{token.header.map(cell)}</tr>
        </thead>
        <tbody>
          {token.rows.map((row, index) => (
            <tr key={index}>{row.map(cell)}</tr>
          ))}
        </tbody>
      </table>
    </Scrollable>
  );
}
