import type { DetailedHTMLProps, HTMLAttributes } from "react";

import type { ChatkeepChat } from "./element.ts";

/** The attributes of `<chatkeep-chat>` in JSX. */
export interface ChatkeepChatAttributes extends HTMLAttributes<ChatkeepChat> {
  /** Where the server is. Default: where `widget.js` came from. */
  endpoint?: string | undefined;
  /** An opaque, stable key of the place that is talked about. */
  scope?: string | undefined;
  "scope-label"?: string | undefined;
  /** `floating` (default): a launcher in the corner; `inline`: the panel in the element's place. */
  mode?: "floating" | "inline" | undefined;
  /** `auto` (default) follows the reader's system. */
  theme?: "auto" | "light" | "dark" | undefined;
  /** The text of the launcher and the name of the panel. */
  label?: string | undefined;
}

/** The props of `<chatkeep-chat>` in JSX. */
export type ChatkeepChatProps = DetailedHTMLProps<ChatkeepChatAttributes, ChatkeepChat>;

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "chatkeep-chat": ChatkeepChatProps;
    }
  }
}
