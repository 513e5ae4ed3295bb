/** Exit codes that scripts can trust. */
export const ExitCode = { sound: 0, problems: 1, usage: 2, unreadable: 3, bug: 70 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
