import { ConfirmDialog, Icon, numberIn, useSnapshot, MoreIcon } from "@chatkeep/react";
import { type ReactNode, useState } from "react";

import { download } from "./download.ts";
import { exportedData } from "./exported-data.ts";
import type { Identity } from "./identity.ts";
import { TaskNotice } from "./TaskNotice.tsx";
import { useAppStrings } from "./useAppStrings.ts";
import { useTask } from "./useTask.ts";

export interface DataSettingsProps {
  readonly identity: Identity;
  /** Told when all that was kept of the owner is erased. */
  readonly onErased: () => void;
}

/** Taking one's data along, and having it erased. */
export function DataSettings({ identity, onErased }: DataSettingsProps): ReactNode {
  const strings = useAppStrings();
  const who = useSnapshot(identity);
  const [task, begin] = useTask();
  const [erasing, setErasing] = useState<"asked" | "no">("no");
  const number = (value: number): string => numberIn(strings.components, value);
  return (
    <section className="setting">
      <h3>{strings.data}</h3>
      <p className="quiet">{strings.dataDetail}</p>
      <div className="setting-actions">
        <button
          type="button"
          className="ck-button"
          disabled={task.status === "doing"}
          onClick={() =>
            begin(async () => {
              download(await exportedData(who));
              return null;
            })
          }
        >
          <MoreIcon name="download" />
          {task.status === "doing" ? strings.exporting : strings.exportData}
        </button>
        <button type="button" className="ck-button ck-danger" onClick={() => setErasing("asked")}>
          <Icon name="trash" />
          {strings.eraseData}
        </button>
      </div>
      <TaskNotice task={task} />
      {erasing === "asked" && (
        <ConfirmDialog
          title={strings.eraseQuestion}
          action={strings.erase}
          onClose={() => setErasing("no")}
          onConfirm={async () => {
            const { conversations, messages } = await identity.erase();
            begin(async () => strings.erased(number(conversations), number(messages)));
            onErased();
          }}
        >
          {strings.eraseDetail}
        </ConfirmDialog>
      )}
    </section>
  );
}
