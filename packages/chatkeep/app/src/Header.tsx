import { Button, IconButton, MoreIcon, useStrings } from "@chatkeep/react";
import type { ReactNode } from "react";

import { useAppStrings } from "./useAppStrings.ts";

export interface HeaderProps {
  readonly title: string;
  /** Opens the list of conversations; absent where it is always shown. */
  readonly onMenu?: (() => void) | undefined;
  /** Begins a conversation; absent where the sidebar offers it. */
  readonly onNew?: (() => void) | undefined;
  /** Makes links to the conversation; absent while there is nothing to show. */
  readonly onShare?: (() => void) | undefined;
  /** Deletes the conversation; absent while there is nothing to delete. */
  readonly onDelete?: (() => void) | undefined;
}

/** The head of a conversation: what it is called and what can be done with it. */
export function Header({ title, onMenu, onNew, onShare, onDelete }: HeaderProps): ReactNode {
  const { untitled } = useStrings();
  const { showList, deleteThis, share } = useAppStrings();
  return (
    <header className="head">
      {onMenu !== undefined && <IconButton icon="menu" label={showList} onPress={onMenu} />}
      <h1 title={title}>{title}</h1>
      {onShare !== undefined && (
        <Button
          tone="quiet"
          shows="icon"
          icon={<MoreIcon name="link" />}
          label={share.title}
          onPress={onShare}
        />
      )}
      {onDelete !== undefined && <IconButton icon="trash" label={deleteThis} onPress={onDelete} />}
      {onNew !== undefined && <IconButton icon="plus" label={untitled} onPress={onNew} />}
    </header>
  );
}
