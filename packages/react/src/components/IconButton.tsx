import type { ReactNode } from "react";

import { Icon, type IconProps } from "./Icon.tsx";

export interface IconButtonProps {
  readonly icon: IconProps["name"];
  /** What it does, in words. */
  readonly label: string;
  /** Default `icon`: the words are its name and what hovering shows. */
  readonly shows?: "icon" | "words" | undefined;
  readonly onPress: () => void;
}

/** A quiet button with an icon, and its words beside it where they are asked for. */
export function IconButton({ icon, label, shows = "icon", onPress }: IconButtonProps): ReactNode {
  const named = shows === "icon" ? { "aria-label": label, title: label } : {};
  return (
    <button
      type="button"
      className={`ck-button ck-quiet ${shows === "icon" ? "ck-square" : ""}`}
      onClick={onPress}
      {...named}
    >
      <Icon name={icon} />
      {shows === "words" && label}
    </button>
  );
}
