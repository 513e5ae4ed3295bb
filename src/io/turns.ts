/** Lets the event loop turn once: what long work awaits between its pieces where nobody asked for another pause. */
export const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
