import { ChatkeepChat } from "./element.ts";

export type { AskOptions, ChatkeepChat } from "./element.ts";
export type { GetToken } from "./settings.ts";

// A page that embeds the script twice has one element.
if (customElements.get("chatkeep-chat") === undefined) customElements.define("chatkeep-chat", ChatkeepChat);

declare global {
  interface HTMLElementTagNameMap {
    "chatkeep-chat": ChatkeepChat;
  }
}
