import type { Part } from "@chatkeep/protocol";
import { type ReactNode, useEffect, useRef, useSyncExternalStore } from "react";

import { useAllStrings } from "../../hooks/useAllStrings.ts";
import { attachmentsOf } from "../../state/attachments.ts";
import type { Thread } from "../../state/thread/thread.ts";
import type { Threads } from "../../state/threads.ts";
import { MoreIcon } from "../MoreIcon.tsx";
import type { Attached } from "./attached.ts";
import { AttachmentView } from "./AttachmentView.tsx";

interface AttachProps {
  readonly chat: Threads;
  readonly thread: Thread;
  /** Called with what is attached now; must stay the same function. */
  readonly onChange: (attached: Attached) => void;
}

/** A text of more UTF-16 units than these is pasted as a file: in the field nobody would read it. */
const LONG = 4_000;

/** In the composer: takes files by a button, from the clipboard (long texts, too), and dropped anywhere on the thread. */
export function Attach({ chat, thread, onChange }: AttachProps): ReactNode {
  const strings = useAllStrings();
  const attachments = attachmentsOf(chat, thread);
  const list = useSyncExternalStore(attachments.subscribe, attachments.list, attachments.list);
  const input = useRef<HTMLInputElement>(null);
  useEffect(
    () =>
      onChange({
        files: list.flatMap(({ part }) => part ?? []),
        isReady: list.every(({ part }) => part !== null),
        clear: attachments.clear,
      }),
    [attachments, list, onChange],
  );
  useEffect(() => {
    const view = input.current?.closest<HTMLElement>(".ck-thread");
    if (view === null || view === undefined) return;
    const take = (event: Event, data: DataTransfer | null): void => {
      // What is copied from a document has its text, too, and that is meant.
      if (data === null || data.files.length === 0 || data.types.includes("text/plain")) return;
      event.preventDefault();
      attachments.add([...data.files]);
      view.querySelector<HTMLElement>(".ck-composer textarea")?.focus();
    };
    const paste = (event: ClipboardEvent): void => {
      const text = event.clipboardData?.getData("text/plain") ?? "";
      const toComposer = event.target instanceof Element && event.target.closest(".ck-composer") !== null;
      if (text.length <= LONG || !toComposer) return take(event, event.clipboardData);
      event.preventDefault();
      attachments.add([new File([text], "pasted.txt", { type: "text/plain" })]);
    };
    const drop = (event: DragEvent): void => take(event, event.dataTransfer);
    // Else the page would be left for the file.
    const allow = (event: DragEvent): void => {
      if (event.dataTransfer?.types.includes("Files") === true) event.preventDefault();
    };
    view.addEventListener("paste", paste);
    view.addEventListener("dragover", allow);
    view.addEventListener("drop", drop);
    return () => {
      view.removeEventListener("paste", paste);
      view.removeEventListener("dragover", allow);
      view.removeEventListener("drop", drop);
    };
  }, [attachments]);
  return (
    <>
      {list.length > 0 && (
        <ul className="ck-attached" aria-label={strings.attached}>
          {list.map((one) => (
            <li key={one.key}>
              <AttachmentView attachment={one} attachments={attachments} chat={chat} />
            </li>
          ))}
        </ul>
      )}
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={({ currentTarget }) => {
          attachments.add([...(currentTarget.files ?? [])]);
          currentTarget.value = "";
          currentTarget.closest("form")?.querySelector("textarea")?.focus();
        }}
      />
      <button
        type="button"
        className="ck-button ck-quiet ck-round"
        aria-label={strings.attach}
        title={strings.attach}
        onClick={() => input.current?.click()}
      >
        <MoreIcon name="attach" />
      </button>
    </>
  );
}

/** Gives the files of a question that was not sent back to the composer. */
export function putBack(chat: Threads, thread: Thread, parts: readonly Part[]): void {
  attachmentsOf(chat, thread).putBack(parts);
}
