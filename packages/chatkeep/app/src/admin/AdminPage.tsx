import { IconButton, Notice, useSnapshot } from "@chatkeep/react";
import type { ReactNode } from "react";

import { Mark } from "../Mark.tsx";
import { ErrorTable } from "./ErrorTable.tsx";
import { Figures } from "./Figures.tsx";
import { KeyForm } from "./KeyForm.tsx";
import { NodeTable } from "./NodeTable.tsx";
import type { Operator, Told } from "./operator.ts";
import { SizeTable } from "./SizeTable.tsx";
import { timeOf } from "./words.ts";

/** The operator's page: how the server and its store stand, without a word of anybody's. */
export function AdminPage({ operator }: { readonly operator: Operator }): ReactNode {
  const { access, told, failure } = useSnapshot(operator);
  if (access === "no key") return <KeyForm failure={failure} onEnter={operator.enter} />;
  return (
    <div className="ck admin">
      <header className="bar">
        <Mark />
        <h1>Operator</h1>
        {told !== null && (
          <p className="when">
            Version {told.overview.version}, as of <time>{timeOf(told.at)}</time>
          </p>
        )}
        <IconButton icon="retry" label="Refresh" onPress={() => void operator.refresh()} />
        <button type="button" className="ck-button" onClick={operator.leave}>
          Forget the key
        </button>
      </header>
      <main>
        {failure !== null && (
          <div role="alert">
            <Notice tone="trouble">
              {failure} {told !== null && "These figures are from before."}
            </Notice>
          </div>
        )}
        {told === null ? <p className="quiet">Asking…</p> : <Standing told={told} />}
      </main>
    </div>
  );
}

function Standing({ told }: { readonly told: Told }): ReactNode {
  const { overview, errors, first, samples } = told;
  return (
    <>
      <Figures overview={overview} samples={samples} />
      {overview.store === null ? (
        <Notice tone="trouble">
          The database is down: nodes, turns and sizes are told again when it answers.
        </Notice>
      ) : (
        <>
          <NodeTable nodes={overview.store.nodes} at={told.at} />
          <SizeTable tables={overview.store.tables} first={first.store?.tables ?? overview.store.tables} />
        </>
      )}
      <ErrorTable errors={errors} />
    </>
  );
}
