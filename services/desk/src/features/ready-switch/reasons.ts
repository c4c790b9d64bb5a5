/** Why agents are not ready, in the order of their keys. */
export const REASONS = ["break", "meal", "meeting", "training", "back_office"] as const;

export const KEYS = {
  help: "F1",
  ready: "F2",
  not_ready: "F4",
  finish: "F8",
  sign_out: "F9",
  answer: "F6",
  hang_up: "F7",
  mute: "F10",
} as const;
