import { type ReactNode, useState } from "react";

import { IconButton } from "../components/Button.tsx";
import { CopyButton } from "../components/CopyButton.tsx";
import { Scrollable } from "../components/Scrollable.tsx";
import { useStrings } from "../hooks/useStrings.ts";
import { Code } from "./Code.tsx";

export interface CodeBlockProps {
  readonly text: string;
  /** The info string of the fence; `""` if there is none. */
  readonly language: string;
  /** Whether the block still grows. */
  readonly isGrowing: boolean;
}

/** A block of code: its language, and buttons that wrap its lines, copy it and save it. */
export function CodeBlock({ text, language, isGrowing }: CodeBlockProps): ReactNode {
  const strings = useStrings();
  const [isWrapped, setWrapped] = useState(false);
  const fence = language.split(/\s/, 1)[0] ?? "";
  const save = async (): Promise<void> => {
    const [{ saveFile }, { fileEndingOf }] = await Promise.all([
      import("../state/save-file.ts"),
      import("./highlighter.ts"),
    ]);
    saveFile(`code.${fileEndingOf(fence)}`, new Blob([text], { type: "text/plain" }));
  };
  return (
    <figure className="ck-code" data-wrapped={isWrapped ? "" : undefined}>
      <figcaption>
        <span>{fence === "" ? strings.plainCode : fence}</span>
        <IconButton
          icon="wrap"
          label={strings.wrapLines}
          isPressed={isWrapped}
          onPress={() => setWrapped(!isWrapped)}
        />
        <IconButton icon="down" label={strings.downloadCode} onPress={() => void save()} />
        <CopyButton text={text} label={strings.copyCode} />
      </figcaption>
      <Scrollable className="ck-code-text" label="code">
        <pre>
          <Code text={text} fence={fence} isGrowing={isGrowing} />
        </pre>
      </Scrollable>
    </figure>
  );
}
