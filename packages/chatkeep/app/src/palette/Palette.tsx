import type { Conversation, SearchHit } from "@chatkeep/protocol";
import {
  type Chat,
  Icon,
  MoreIcon,
  Notice,
  RetryButton,
  dateIn,
  markedSnippet,
  titleOf,
  useAllStrings,
  useSnapshot,
} from "@chatkeep/react";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";

import { PaletteField } from "../PaletteField.tsx";
import { useAppStrings } from "../useAppStrings.ts";
import { type CommandActions, useCommands } from "./commands.tsx";
import type { Option, OptionGroup } from "./option.ts";
import { OptionList, optionId } from "./OptionList.tsx";
import { useFinds } from "./useFinds.ts";

import "./palette.css";

export interface PaletteProps extends CommandActions {
  readonly chat: Chat;
  readonly text: string;
  readonly onText: (text: string) => void;
  /** Whether Enter was pressed before it was loaded. */
  readonly entered: boolean;
  /** The conversation that is shown, once something is stored of it. */
  readonly shown: Conversation | undefined;
  readonly addressOf: (conversationId: string) => string;
  readonly onSelect: (conversationId: string) => void;
  readonly onOpen: (hit: SearchHit) => void;
}

/** Recent conversations that are offered before something is typed. */
const RECENT = 7;

/** A field with results below it: at first, recent conversations and commands. */
export function Palette(props: PaletteProps): ReactNode {
  const { text, onText, entered } = props;
  const strings = useAllStrings();
  const { palette } = useAppStrings();
  const id = useId();
  const root = useRef<HTMLDivElement>(null);
  const { groups, status, busy, failure, retry } = useGroups(props);
  const options = groups.flatMap((group) => group.options);
  const [moved, setMoved] = useState<string | null>(null);
  const active = options.find((option) => option.id === moved) ?? options[0];
  /** Enter was pressed before all was found: it chooses the first that is. */
  const waiting = useRef(entered);

  const choose = (option: Option | undefined): void => {
    if (option === undefined) return;
    if (option.after === "stay") return option.run();
    // First the focus returns to where it was: what is chosen may move it from there.
    root.current?.closest("dialog")?.close();
    option.run();
  };
  useEffect(() => {
    if (!waiting.current || busy) return;
    waiting.current = false;
    choose(options[0]);
  });
  const move = (step: 1 | -1): void => {
    const at = active === undefined ? -1 : options.indexOf(active);
    setMoved(options.at((at + step) % options.length)?.id ?? null);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    const act = {
      ArrowDown: () => move(1),
      ArrowUp: () => move(-1),
      Enter: () => {
        if (busy && moved === null) waiting.current = true;
        else choose(active);
      },
    }[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  return (
    <div className="palette" ref={root}>
      <PaletteField
        text={text}
        list={id}
        active={active === undefined ? undefined : optionId(id, active.id)}
        onText={(typed) => {
          setMoved(null);
          waiting.current = false;
          onText(typed);
        }}
        onKeyDown={onKeyDown}
      />
      <output className="ck-hidden">{status}</output>
      {failure !== null && (
        <Notice tone="trouble" actions={<RetryButton onPress={retry} />}>
          {strings.searchFailed} {failure}
        </Notice>
      )}
      {options.length === 0 && !busy && failure === null && (
        <p className="ck-nav-empty">{strings.noHits(text.trim())}</p>
      )}
      <OptionList
        id={id}
        name={palette.name}
        groups={groups}
        active={active?.id}
        busy={busy}
        onActive={setMoved}
        onChoose={choose}
      />
    </div>
  );
}

interface Groups {
  readonly groups: readonly OptionGroup[];
  /** What is said of them. */
  readonly status: string;
  readonly busy: boolean;
  readonly failure: string | null;
  readonly retry: () => void;
}

function useGroups(props: PaletteProps): Groups {
  const { chat, text, shown, addressOf, onSelect, onOpen } = props;
  const strings = useAllStrings();
  const { palette } = useAppStrings();
  const commands = useCommands(props, shown);
  const { found, busy, search } = useFinds(chat, text);
  const { known } = useSnapshot(chat.conversations);
  const list = chat.conversations.list();
  const { conversations } = useSnapshot(list);
  // On a phone the list is read when it is first shown.
  useEffect(() => void list.refresh(), [list]);

  const toConversation = (conversation: Conversation): Option => ({
    id: conversation.id,
    icon: <Icon name="chat" />,
    words: titleOf(known.get(conversation.id) ?? conversation, strings),
    href: addressOf(conversation.id),
    run: () => onSelect(conversation.id),
  });
  const toMessage = (hit: SearchHit): Option => {
    const { id, conversationId, createdAt } = hit.message;
    const scope = hit.scopeLabel === null ? [] : [hit.scopeLabel];
    const title = known.get(conversationId)?.title ?? hit.title ?? strings.untitled;
    return {
      id,
      icon: <MoreIcon name="search" />,
      place: [title, ...scope, dateIn(strings, createdAt)].join(" · "),
      words: markedSnippet(hit.snippet),
      href: addressOf(conversationId),
      run: () => onOpen(hit),
    };
  };
  const more: Option = {
    id: "more",
    icon: <Icon name="down" />,
    words: strings.loadMore,
    after: "stay",
    run: () => void search.loadMore(),
  };

  const isIdle = text.trim() === "";
  const recent = conversations.filter(({ id }) => id !== shown?.id).slice(0, RECENT);
  const words = text.trim().toLowerCase().split(/\s+/);
  const matching = commands.filter((command) =>
    words.every((word) => command.words.toLowerCase().includes(word)),
  );
  const messages = [...found.hits.map(toMessage), ...(found.more === "none" ? [] : [more])];
  const groups = isIdle
    ? [
        { name: palette.recent, options: recent.map(toConversation) },
        { name: palette.commands, options: commands },
      ]
    : [
        { name: strings.conversations, options: found.titles.map(toConversation) },
        { name: strings.messages, options: messages },
        { name: palette.commands, options: matching },
      ];
  const count = groups.reduce((sum, { options }) => sum + options.length, 0);
  return {
    groups: groups.filter(({ options }) => options.length > 0),
    status: isIdle
      ? ""
      : busy
        ? strings.searching
        : count === 0
          ? strings.noHits(text.trim())
          : palette.found(count),
    busy,
    failure: isIdle ? null : found.failure,
    retry: () => void search.retry(),
  };
}
