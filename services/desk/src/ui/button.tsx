/** A button with its key shown. */
import type { ReactNode } from "react";

type Weight = "primary" | "plain" | "quiet";

export function Button({
  children,
  onPress,
  weight = "plain",
  shortcut,
  isDisabled = false,
  isPending = false,
  isExpanded,
  type = "button",
}: {
  children: ReactNode;
  onPress?: () => void;
  weight?: Weight;
  /** The key that does the same. */
  shortcut?: string;
  isDisabled?: boolean;
  /** Asked for, and its fact is not there yet. */
  isPending?: boolean;
  isExpanded?: boolean;
  type?: "button" | "submit";
}) {
  return (
    <button
      type={type}
      className={`button ${weight}${isPending ? " pending" : ""}`}
      // Stays in the order of focus, so that the keyboard does not lose its place.
      aria-disabled={isDisabled || isPending || undefined}
      aria-busy={isPending || undefined}
      aria-expanded={isExpanded}
      aria-keyshortcuts={shortcut}
      onClick={isDisabled || isPending ? undefined : onPress}
    >
      <span>{children}</span>
      {shortcut && <kbd aria-hidden="true">{shortcut}</kbd>}
    </button>
  );
}
