import type { WireOverview } from "@chatkeep/protocol";
import type { ReactNode } from "react";

import { Table } from "./Table.tsx";
import { bytesOf, numberOf } from "./words.ts";

type Tables = NonNullable<WireOverview["store"]>["tables"];

export interface SizeTableProps {
  readonly tables: Tables;
  /** What was told first, to see what has grown since. */
  readonly first: Tables;
}

/** The rows and bytes of every table, the largest first, and what was added since the page was opened. */
export function SizeTable({ tables, first }: SizeTableProps): ReactNode {
  return (
    <Table
      title="Tables"
      folded
      heads={["Table", "Rows, estimated", "Size with indexes", "Since this page was opened"]}
      none="There are no tables."
      rows={tables.map(({ name, rows, bytes }) => {
        const before = first.find((table) => table.name === name);
        return (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{numberOf(rows)}</td>
            <td>{bytesOf(bytes)}</td>
            <td>{growthOf(rows - (before?.rows ?? 0), bytes - (before?.bytes ?? 0))}</td>
          </tr>
        );
      })}
    />
  );
}

function growthOf(rows: number, bytes: number): string {
  if (rows === 0 && bytes === 0) return "unchanged";
  const signed = (value: number, text: string): string => (value < 0 ? `−${text}` : `+${text}`);
  return `${signed(rows, numberOf(Math.abs(rows)))} rows, ${signed(bytes, bytesOf(Math.abs(bytes)))}`;
}
