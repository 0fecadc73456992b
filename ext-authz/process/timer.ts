/** Timers as an effect: none of them keeps the process alive. @returns a way to cancel it */
export function setTimer(run: () => void, milliseconds: number): () => void {
  const timer = setTimeout(run, milliseconds).unref();
  return () => clearTimeout(timer);
}
