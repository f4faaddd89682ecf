import type { WireOverview } from "@chatkeep/protocol";
import type { ReactNode } from "react";

import { Table } from "./Table.tsx";
import { momentOf, numberOf } from "./words.ts";

export interface NodeTableProps {
  readonly nodes: NonNullable<WireOverview["store"]>["nodes"];
  /** When they were told of. */
  readonly at: Date;
}

/** The nodes that have run turns, with their leases. */
export function NodeTable({ nodes, at }: NodeTableProps): ReactNode {
  return (
    <Table
      title="Nodes"
      heads={["Node", "Since", "Lease", "Running turns"]}
      none="No node is up that has run turns. A node is listed from its first turn to its end."
      rows={nodes.map((node) => (
        <tr key={node.id}>
          <th scope="row">{node.id}</th>
          <td>{momentOf(node.started_at)}</td>
          <td data-tone={node.alive ? undefined : "trouble"}>
            {node.alive ? `${secondsTo(node.lease_until, at)} s left` : "over: its turns are taken over"}
          </td>
          <td>{numberOf(node.running_turns)}</td>
        </tr>
      ))}
    />
  );
}

function secondsTo(iso: string, at: Date): string {
  return numberOf(Math.max(0, Math.round((new Date(iso).getTime() - at.getTime()) / 1000)));
}
