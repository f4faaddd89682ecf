import { type ReactNode, useEffect, useState } from "react";

import { useAllStrings } from "../../hooks/useAllStrings.ts";
import { Link } from "../../markdown/Link.tsx";
import type { FilePart } from "../../state/content.ts";
import { isPicture, isReadable, readBlob } from "../../state/files.ts";
import type { Threads } from "../../state/threads.ts";
import { sizeIn } from "../../strings/size.ts";
import { MoreIcon } from "../MoreIcon.tsx";
import { Picture } from "./Picture.tsx";

export interface FilesProps {
  readonly files: readonly FilePart[];
  readonly chat: Threads;
}

/** Files of a message: pictures as they look, others by their names. */
export function Files({ files, chat }: FilesProps): ReactNode {
  const strings = useAllStrings();
  return (
    <ul className="ck-row" aria-label={strings.files}>
      {files.map((file, index) => (
        <li key={index}>
          <FileView file={file} chat={chat} />
        </li>
      ))}
    </ul>
  );
}

/** Nothing is fetched from another server: its file is a link. */
function FileView({ file, chat }: { readonly file: FilePart; readonly chat: Threads }): ReactNode {
  const [blob, setBlob] = useState<Blob | null>(null);
  const [isBroken, setBroken] = useState(false);
  const shows = isReadable(file) && isPicture(file.mime) && !isBroken;
  useEffect(() => {
    if (!shows) return;
    let gone = false;
    readBlob(chat, file).then(
      (read) => !gone && setBlob(read),
      () => !gone && setBroken(true),
    );
    return () => {
      gone = true;
    };
  }, [chat, file, shows]);
  if (!isReadable(file)) return <Link address={file.url}>{file.name ?? file.mime}</Link>;
  if (!shows) return <Chip file={file} chat={chat} />;
  return <Picture blob={blob} name={file.name ?? file.mime} onBroken={() => setBroken(true)} />;
}

/** A file that is saved when it is pressed. */
function Chip({ file, chat }: { readonly file: FilePart; readonly chat: Threads }): ReactNode {
  const strings = useAllStrings();
  const [state, setState] = useState<"idle" | "reading" | "failed">("idle");
  const save = async (): Promise<void> => {
    setState("reading");
    try {
      const [blob, { saveFile }] = await Promise.all([
        readBlob(chat, file),
        import("../../state/save-file.ts"),
      ]);
      saveFile(file.name ?? "", blob);
      setState("idle");
    } catch {
      setState("failed");
    }
  };
  return (
    <button type="button" className="ck-button" disabled={state === "reading"} onClick={() => void save()}>
      <MoreIcon name="document" />
      <bdi>{file.name ?? file.mime}</bdi>
      <small role={state === "failed" ? "alert" : undefined}>
        {state === "failed" ? strings.fileFailed : file.size !== undefined && sizeIn(strings, file.size)}
      </small>
    </button>
  );
}
