/** Small pictures beside words; never instead of them. */
import type { ReactNode } from "react";
import type { AgentState } from "../vocabulary/wire";

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

const PATHS: Record<AgentState, ReactNode> = {
  signed_out: <path d="M8 4H4v12h4M12 7l4 3-4 3M16 10H8" />,
  not_ready: <path d="M7 5v10M13 5v10" />,
  ready: <path d="m4 10.5 4 4 8-9" />,
  reserved: <path d="M5 13V9a5 5 0 0 1 10 0v4l1.5 2h-13zM8.5 17h3" />,
  talking: (
    <path d="M4 4h3l1.5 4-2 1.2a9 9 0 0 0 4.3 4.3l1.2-2 4 1.5v3A12 12 0 0 1 4 4z" />
  ),
  wrap_up: <path d="M5 3h10v14H5zM8 7h4M8 10h4M8 13h2" />,
};

export function StateIcon({ state }: { state: AgentState }) {
  return <Icon>{PATHS[state]}</Icon>;
}

export function LinkIcon({ isOpen }: { isOpen: boolean }) {
  return (
    <Icon>
      {isOpen ? (
        <path d="M3 8a10 10 0 0 1 14 0M6 11a6 6 0 0 1 8 0M9 14a2 2 0 0 1 2 0" />
      ) : (
        <path d="M3 8a10 10 0 0 1 14 0M9 14a2 2 0 0 1 2 0M4 3l12 14" />
      )}
    </Icon>
  );
}
