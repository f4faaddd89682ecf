import type { ImportReport } from "@chatkeep/protocol";
import { ConfirmDialog, Icon, numberIn, useSnapshot, MoreIcon } from "@chatkeep/react";
import { type ReactNode, useRef, useState } from "react";

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
  /** Told when conversations were imported. */
  readonly onImported: () => void;
}

/** Taking one's data along, bringing chats from elsewhere, and having it all erased. */
export function DataSettings({ identity, onErased, onImported }: DataSettingsProps): ReactNode {
  const strings = useAppStrings();
  const who = useSnapshot(identity);
  const [task, begin] = useTask();
  const chooser = useRef<HTMLInputElement>(null);
  const [importing, setImporting] = useState<string | null>(null);
  const [erasing, setErasing] = useState<"asked" | "no">("no");
  const number = (value: number): string => numberIn(strings.components, value);
  const importFile = async (file: File): Promise<string> => {
    try {
      let report: ImportReport | undefined;
      for await (report of who.history.importData(who.owner, file)) setImporting(number(report.messages));
      const { conversations = 0, messages = 0, known = 0, left = {} } = report ?? {};
      const sum = Object.values(left).reduce((total, count) => total + count, 0);
      const optional = (count: number): string | null => (count === 0 ? null : number(count));
      return strings.imported(number(conversations), number(messages), optional(known), optional(sum));
    } finally {
      setImporting(null);
      onImported();
    }
  };
  return (
    <section className="setting">
      <h3>{strings.data}</h3>
      <p className="quiet">
        {strings.dataDetail} {strings.importDetail}
      </p>
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
          {task.status === "doing" && importing === null ? strings.exporting : strings.exportData}
        </button>
        <button
          type="button"
          className="ck-button"
          disabled={task.status === "doing"}
          onClick={() => chooser.current?.click()}
        >
          <MoreIcon name="upload" />
          {importing === null ? strings.importData : strings.importing(importing)}
        </button>
        <input
          ref={chooser}
          type="file"
          hidden
          accept=".zip,.json,.jsonl"
          aria-label={strings.importData}
          onChange={({ target }) => {
            const [file] = target.files ?? [];
            target.value = "";
            if (file === undefined) return;
            setImporting(number(0));
            begin(() => importFile(file));
          }}
        />
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
