import type * as registry from '../registry.ts';
import type { Session } from '../session.ts';

/** The registry knows no session; what it holds here runs in one. */
export type Handler = registry.Handler<Session>;
export type CommandSpec = registry.CommandSpec<Session>;
export type Family = registry.Family<Session>;
