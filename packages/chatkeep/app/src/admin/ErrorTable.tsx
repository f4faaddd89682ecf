import type { WireRecentErrors } from "@chatkeep/protocol";
import type { ReactNode } from "react";

import { Table } from "./Table.tsx";
import { momentOf } from "./words.ts";

/** The last errors of the node, by the ids under which the log tells more. */
export function ErrorTable({ errors }: { readonly errors: WireRecentErrors["errors"] }): ReactNode {
  return (
    <Table
      title="Last errors of this node"
      heads={["When", "Code", "What", "Where", "Request or turn"]}
      none="None since the start."
      rows={errors.map(({ at, code, detail, cause, route, request_id: request, turn_id: turn }, index) => (
        <tr key={`${at} ${request ?? turn ?? index}`}>
          <td>{momentOf(at)}</td>
          <td>
            <code>{code}</code>
          </td>
          <td className="wide">
            {detail} {cause !== null && <code>{cause}</code>}
          </td>
          <td>{route === null ? "" : <code>{route}</code>}</td>
          <td>
            <code>{request ?? turn ?? ""}</code>
          </td>
        </tr>
      ))}
    />
  );
}
