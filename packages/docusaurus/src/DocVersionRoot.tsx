import DocVersionRoot, { type Props } from "@chatkeep-original/DocVersionRoot";
import type { ReactNode } from "react";

import { Chat } from "./Chat.tsx";

/** What stays while a reader goes from page to page of the docs: the theme's, and the widget. */
export default function DocVersionRootWithChat(props: Props): ReactNode {
  return (
    <>
      <DocVersionRoot {...props} />
      <Chat version={props.version} />
    </>
  );
}
