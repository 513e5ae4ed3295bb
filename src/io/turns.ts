/** Lets the event loop turn once: what long work awaits between its pieces where nobody asked for another pause. */
export const yieldToEventLoop = () => new Promise<void>((resolve) => setImmediate(resolve));
