import { Icon, type IconProps, useStrings } from "@chatkeep/react";
import type { ReactNode } from "react";

import { useAppStrings } from "./useAppStrings.ts";

/** What {@link Header} takes. */
export interface HeaderProps {
  readonly title: string;
  /** Opens the list of conversations; absent where it is always shown. */
  readonly onMenu?: (() => void) | undefined;
  /** Begins a conversation; absent where the sidebar offers it. */
  readonly onNew?: (() => void) | undefined;
  /** Deletes the conversation; absent while there is nothing to delete. */
  readonly onDelete?: (() => void) | undefined;
}

/** The head of a conversation: what it is called and what can be done with it. */
export function Header({ title, onMenu, onNew, onDelete }: HeaderProps): ReactNode {
  const { untitled } = useStrings();
  const { showList, deleteThis } = useAppStrings();
  return (
    <header className="head">
      {onMenu !== undefined && <HeadButton icon="menu" label={showList} onPress={onMenu} />}
      <h1 title={title}>{title}</h1>
      {onDelete !== undefined && <HeadButton icon="trash" label={deleteThis} onPress={onDelete} />}
      {onNew !== undefined && <HeadButton icon="plus" label={untitled} onPress={onNew} />}
    </header>
  );
}

interface HeadButtonProps {
  readonly icon: IconProps["name"];
  readonly label: string;
  readonly onPress: () => void;
}

function HeadButton({ icon, label, onPress }: HeadButtonProps): ReactNode {
  return (
    <button
      type="button"
      className="ck-button ck-quiet ck-square"
      aria-label={label}
      title={label}
      onClick={onPress}
    >
      <Icon name={icon} />
    </button>
  );
}
