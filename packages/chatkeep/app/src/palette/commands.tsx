import type { Conversation } from "@chatkeep/protocol";
import { type ExportFormat, Icon, MoreIcon, Stroke, useAllStrings } from "@chatkeep/react";

import { COMMAND } from "../platform.ts";
import { SlidersIcon } from "../SlidersIcon.tsx";
import type { ThemeName } from "../theme.ts";
import { useAppStrings } from "../useAppStrings.ts";
import type { Option } from "./option.ts";

/** The actions of the palette's commands. */
export interface CommandActions {
  readonly onNew: () => void;
  readonly onSettings: () => void;
  readonly onHelp: () => void;
  /** Shows or hides the sidebar, where there is room for it. */
  readonly onSidebar: (() => void) | undefined;
  readonly onTheme: (name: ThemeName) => void;
  readonly onUpdate: (
    conversation: Conversation,
    patch: { readonly pinned?: boolean; readonly archived?: boolean },
  ) => void;
  readonly onExport: (conversation: Conversation, format: ExportFormat) => void;
  readonly onDelete: (conversation: Conversation) => void;
}

/** A command, found by its words. */
export type Command = Option & { readonly words: string };

/** The commands; those of a conversation where one is shown. */
export function useCommands(actions: CommandActions, shown: Conversation | undefined): readonly Command[] {
  const strings = useAllStrings();
  const { settings, sidebar, keyboard, colours, themes, deleteThis } = useAppStrings();
  const download = (conversation: Conversation, format: ExportFormat, words: string): Command => ({
    id: format,
    icon: <MoreIcon name="download" />,
    words,
    run: () => actions.onExport(conversation, format),
  });
  const ofConversation = (conversation: Conversation): Command[] => [
    {
      id: "pin",
      icon: <MoreIcon name="pin" />,
      words: conversation.pinnedAt === null ? strings.pin : strings.unpin,
      run: () => actions.onUpdate(conversation, { pinned: conversation.pinnedAt === null }),
    },
    {
      id: "archive",
      icon: <MoreIcon name="archive" />,
      words: conversation.archivedAt === null ? strings.archive : strings.unarchive,
      run: () => actions.onUpdate(conversation, { archived: conversation.archivedAt === null }),
    },
    download(conversation, "markdown", strings.exportMarkdown),
    download(conversation, "html", strings.exportHtml),
    download(conversation, "json", strings.exportJson),
    {
      id: "delete",
      icon: <Icon name="trash" />,
      words: deleteThis,
      run: () => actions.onDelete(conversation),
    },
  ];
  const theme = (name: ThemeName, icon: "screen" | "sun" | "moon"): Command => ({
    id: `theme-${name}`,
    icon: <MoreIcon name={icon} />,
    words: `${colours}: ${themes[name]}`,
    run: () => actions.onTheme(name),
  });
  const conversation = shown === undefined ? [] : ofConversation(shown);
  return [
    {
      id: "new",
      icon: <Icon name="plus" />,
      words: strings.untitled,
      keys: [COMMAND, "Shift", "O"],
      run: actions.onNew,
    },
    ...conversation,
    { id: "settings", icon: <SlidersIcon />, words: settings, run: actions.onSettings },
    { id: "keyboard", icon: <Stroke path={KEYBOARD} />, words: keyboard, keys: ["?"], run: actions.onHelp },
    ...(actions.onSidebar === undefined
      ? []
      : [{ id: "sidebar", icon: <Icon name="menu" />, words: sidebar, run: actions.onSidebar }]),
    theme("light", "sun"),
    theme("dark", "moon"),
    theme("system", "screen"),
  ];
}

const KEYBOARD = "M3 7h18v10H3zM7 10.5h.01M11 10.5h.01M15 10.5h.01M8 14h8";
