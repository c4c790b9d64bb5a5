/** The HTTP API, with the types that it states of itself. */
import type { Operations } from "../vocabulary/api";

const LIMIT_MS = 10_000;

/** The engine said no, in words; or nobody answered. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    detail: string,
  ) {
    super(detail);
  }

  /** Whether logging in is what would help. */
  get isOfSession(): boolean {
    return this.status === 401;
  }

  /** Whether nobody answered, so that nothing is known of what was asked. */
  get isUnanswered(): boolean {
    return this.status === 0;
  }
}

type Method = keyof Operations;
type Body<M extends Method> = Operations[M]["body"];
type Answer<M extends Method> = Operations[M]["answer"];

/**
 * Ask the engine.
 *
 * @throws Refused when it will not, or does not answer in time.
 */
export async function ask<M extends Method>(
  operation: M,
  names: Readonly<Record<string, string>>,
  ...[body]: Body<M> extends undefined ? [] : [Body<M>]
): Promise<Answer<M>> {
  const [method = "", template = ""] = operation.split(" ");
  const path = template.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(names[name] ?? ""));
  const answer = await answered(path, {
    method,
    signal: AbortSignal.timeout(LIMIT_MS),
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
  });
  const text = await answer.text();
  const told: unknown = text ? JSON.parse(text) : undefined;
  if (answer.ok) return told as Answer<M>;
  const { type, detail } = (told ?? {}) as { type?: unknown; detail?: unknown };
  throw new Refused(answer.status, String(type ?? ""), String(detail ?? answer.statusText));
}

async function answered(path: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(path, request);
  } catch (error) {
    throw new Refused(0, "unanswered", String(error));
  }
}
