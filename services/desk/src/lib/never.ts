/** Let the compiler find a case that was forgotten; at run time nothing happens. */
export function assertNever(_value: never): void {}
