import { Icon } from "@chatkeep/react";
import type { ReactNode } from "react";

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
  return (
    <header className="head">
      {onMenu !== undefined && (
        <button
          type="button"
          className="ck-button ck-quiet ck-square"
          aria-label="Show the list of conversations"
          onClick={onMenu}
        >
          <Icon name="menu" />
        </button>
      )}
      <h1 title={title}>{title}</h1>
      {onDelete !== undefined && (
        <button
          type="button"
          className="ck-button ck-quiet ck-square"
          aria-label="Delete this conversation"
          title="Delete this conversation"
          onClick={onDelete}
        >
          <Icon name="trash" />
        </button>
      )}
      {onNew !== undefined && (
        <button
          type="button"
          className="ck-button ck-quiet ck-square"
          aria-label="New conversation"
          onClick={onNew}
        >
          <Icon name="plus" />
        </button>
      )}
    </header>
  );
}
