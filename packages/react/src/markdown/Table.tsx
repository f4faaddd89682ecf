import type { Citation } from "@chatkeep/protocol";
import type { Tokens } from "marked";
import type { ReactNode } from "react";

import { CopyButton } from "../components/CopyButton.tsx";
import { Scrollable } from "../components/Scrollable.tsx";
import { useStrings } from "../hooks/useStrings.ts";
import { Inline } from "./Inline.tsx";
import { wordsOf } from "./plain.ts";

export interface TableProps {
  readonly token: Tokens.Table;
  readonly citations: readonly Citation[];
}

/** A table, which scrolls by itself when it is too wide, and a button that copies it. */
export function Table({ token, citations }: TableProps): ReactNode {
  const strings = useStrings();
  const cell = (each: Tokens.TableCell, index: number): ReactNode => {
    const Cell = each.header ? "th" : "td";
    return (
      <Cell key={index} data-align={each.align ?? undefined}>
        <Inline tokens={each.tokens} citations={citations} />
      </Cell>
    );
  };
  return (
    <figure className="ck-table">
      <Scrollable className="ck-table-rows" label="table">
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
      <CopyButton text={csvOf(token)} label={strings.copyTable} />
    </figure>
  );
}

/** The cells as RFC 4180 has them. */
function csvOf({ header, rows }: Tokens.Table): string {
  return [header, ...rows].map((row) => `${row.map(fieldOf).join(",")}\r\n`).join("");
}

function fieldOf({ tokens }: Tokens.TableCell): string {
  const words = wordsOf(tokens).trim();
  return /[",\r\n]/.test(words) ? `"${words.replaceAll('"', '""')}"` : words;
}
