import type { ReactNode } from "react";

import { CopyButton } from "../components/CopyButton.tsx";
import { Scrollable } from "../components/Scrollable.tsx";
import { useStrings } from "../hooks/useStrings.ts";

export interface CodeBlockProps {
  readonly text: string;
  /** The info string of the fence; `""` if there is none. */
  readonly language: string;
}

/** A block of code with its language and a button that copies it. */
export function CodeBlock({ text, language }: CodeBlockProps): ReactNode {
  const strings = useStrings();
  const name = language.split(/\s/, 1)[0] ?? "";
  return (
    <figure className="ck-code">
      <figcaption>
        <span>{name === "" ? strings.plainCode : name}</span>
        <CopyButton text={text} label={strings.copyCode} />
      </figcaption>
      <Scrollable className="ck-code-text" label="code">
        <pre>
          <code>{text}</code>
        </pre>
      </Scrollable>
    </figure>
  );
}
