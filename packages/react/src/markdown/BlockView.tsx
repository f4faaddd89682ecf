import type { Citation } from "@chatkeep/protocol";
import type { Token, Tokens } from "marked";
import { Fragment, type ReactNode, memo } from "react";

import { CodeBlock } from "./CodeBlock.tsx";
import type { AnswerToken } from "./extensions.ts";
import { Formula } from "./Formula.tsx";
import { Inline } from "./Inline.tsx";
import { isBreak } from "./markup.ts";
import { Table } from "./Table.tsx";

export interface BlockViewProps {
  readonly token: AnswerToken;
  /** The sources of the markers `[1]`, `[2]`, …. Must stay one array while they do not change. */
  readonly citations: readonly Citation[];
  /** The level of a heading: 0 for the highest depth in the text, 1 for the next that occurs. */
  readonly rank: number;
  /** Whether the block may still grow. */
  readonly isGrowing: boolean;
}

/** The properties that all tokens of a block share. */
type Around = Pick<BlockViewProps, "citations" | "isGrowing">;

/** A block of an answer as elements; a finished block is never rendered again. */
export const BlockView: (props: BlockViewProps) => ReactNode = memo(
  ({ token, rank, ...around }: BlockViewProps) => {
    if (token.type !== "heading") return block(token, around);
    // The page's own headings are the levels 1 and 2; a text that begins with `##` or `###` leaves no gap.
    const Heading = (["h3", "h4", "h5"] as const)[rank] ?? "h6";
    return (
      <Heading>
        <Inline tokens={token.tokens} citations={around.citations} />
      </Heading>
    );
  },
);

function block(token: AnswerToken, around: Around): ReactNode {
  const inline = (tokens: readonly Token[]): ReactNode => (
    <Inline tokens={tokens} citations={around.citations} />
  );
  switch (token.type) {
    case "paragraph":
      return <p>{inline(token.tokens)}</p>;
    case "heading":
      // In a list or a quotation it is no heading of the answer.
      return (
        <p>
          <strong>{inline(token.tokens)}</strong>
        </p>
      );
    case "list":
      return list(token, around);
    case "blockquote":
      return <blockquote dir="auto">{blocks(token.tokens, around)}</blockquote>;
    case "code":
      return <CodeBlock text={token.text} language={token.lang ?? ""} isGrowing={around.isGrowing} />;
    case "table":
      return <Table token={token} citations={around.citations} />;
    case "formula":
      return <Formula token={token} />;
    case "hr":
      return <hr />;
    case "text":
      return inline([token]);
    case "space":
    case "def":
    case "footnote":
      return null;
    case "html":
      return isBreak(token.raw) ? null : <p className="ck-raw">{token.raw.trimEnd()}</p>;
    default:
      return inline([token]);
  }
}

function blocks(tokens: readonly Token[], around: Around): ReactNode {
  return tokens.map((token, index) => <Fragment key={index}>{block(token as AnswerToken, around)}</Fragment>);
}

function list(token: Tokens.List, around: Around): ReactNode {
  const items = token.items.map((item, index) => (
    <li key={index} className={item.task ? "ck-task" : undefined}>
      {blocks(item.tokens, around)}
    </li>
  ));
  if (!token.ordered) return <ul dir="auto">{items}</ul>;
  return (
    <ol dir="auto" start={token.start === "" ? undefined : token.start}>
      {items}
    </ol>
  );
}
