import { type Context, createContext, useContext } from "react";

/** The address of a message in the page, absolute. */
export type MessageAddress = (conversationId: string, messageId: string) => string;

/** Says where messages are found; without it no links to them are offered. */
export const MessageAddressContext: Context<MessageAddress | null> = createContext<MessageAddress | null>(
  null,
);

/** How links to messages are made; `null` where they are not. */
export function useMessageAddress(): MessageAddress | null {
  return useContext(MessageAddressContext);
}
