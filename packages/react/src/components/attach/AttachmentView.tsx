import { type ReactNode, useEffect, useState } from "react";

import { useAllStrings } from "../../hooks/useAllStrings.ts";
import type { Attachment, Attachments } from "../../state/attachments.ts";
import { isPicture, readBlob } from "../../state/files.ts";
import type { Threads } from "../../state/threads.ts";
import { sizeIn } from "../../strings/size.ts";
import { IconButton } from "../Button.tsx";
import { MoreIcon } from "../MoreIcon.tsx";
import { Canvas } from "../pieces/Canvas.tsx";

interface AttachmentViewProps {
  readonly attachment: Attachment;
  readonly attachments: Attachments;
  readonly chat: Threads;
}

/** A file that goes with the next question: how it looks, and how its upload stands. */
export function AttachmentView({ attachment, attachments, chat }: AttachmentViewProps): ReactNode {
  const strings = useAllStrings();
  const { key, name, size, part, failure } = attachment;
  const [blob, setBlob] = useState(attachment.blob);
  const [isBroken, setBroken] = useState(false);
  const broken = (): void => setBroken(true);
  const shows = isPicture(attachment.blob?.type ?? part?.mime ?? "") && !isBroken;
  useEffect(() => {
    if (shows && blob === null && part !== null) readBlob(chat, part).then(setBlob, () => setBroken(true));
  }, [chat, part, shows, blob]);
  return (
    <>
      {shows ? <Canvas blob={blob} onBroken={broken} /> : <MoreIcon name="document" />}
      <bdi>{name}</bdi>
      <small
        role={failure === null ? undefined : "alert"}
        data-tone={failure === null ? undefined : "trouble"}
      >
        {failure ?? (part === null ? strings.uploading : sizeIn(strings, size))}
      </small>
      {failure !== null && (
        <IconButton icon="retry" label={strings.retry} onPress={() => attachments.retry(key)} />
      )}
      <IconButton icon="close" label={strings.removeFile(name)} onPress={() => attachments.remove(key)} />
    </>
  );
}
