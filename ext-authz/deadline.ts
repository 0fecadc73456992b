/**
 * Until when an answer may be waited for. Most checks wait for nothing: they are decided in the turn of the event loop in which
 * they came, and no signal, timer or promise is made for them. What does begin to wait asks for the signal.
 */

/** A function makes the signal when it is first asked for, and gives the same one from then on. */
export type Deadline = AbortSignal | (() => AbortSignal);

export function signalOf(deadline: Deadline): AbortSignal {
  return typeof deadline === "function" ? deadline() : deadline;
}

/**
 * What comes next: at once where nothing was waited for, else when it is there.
 * @param late says so instead, when the wait took too long: what came after the deadline decides nothing
 */
export function after<T, R>(
  value: T | Promise<T>,
  deadline: Deadline,
  late: () => R,
  next: (value: T) => R | Promise<R>,
): R | Promise<R> {
  if (value instanceof Promise) return value.then((settled) => (signalOf(deadline).aborted ? late() : next(settled)));
  return typeof deadline !== "function" && deadline.aborted ? late() : next(value);
}
