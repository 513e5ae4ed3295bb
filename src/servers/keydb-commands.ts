/**
 * Commands that only KeyDB has and that this build reads (KeyDB 6, src/server.cpp, its table of commands): no Redis and no Valkey knows
 * them, so that they are in no generation's list.
 */
export const keydbCommands = new Set([
  'EXPIREMEMBER',
  'EXPIREMEMBERAT',
  'PEXPIREMEMBERAT',
  'RREPLAY',
  'KEYDB.CRON',
  'KEYDB.HRENAME',
  'KEYDB.MVCCRESTORE',
]);

/** Whether it is `PERSIST key member`: a command of all servers with an argument that only KeyDB takes. */
export const isMemberPersist = (name: string, argc: number): boolean => argc === 3 && name.toUpperCase() === 'PERSIST';

/** Whether a name, in any case, is one of them with a number of arguments that it takes. */
export function isKeydbCommand(name: string, argc: number): boolean {
  const upper = name.toUpperCase();
  if (!keydbCommands.has(upper)) return isMemberPersist(upper, argc);
  if (upper === 'RREPLAY') return argc >= 3 && argc <= 5;
  if (upper === 'KEYDB.CRON') return argc >= 5;
  if (upper === 'KEYDB.MVCCRESTORE') return argc === 5;
  return argc === 4 || (argc === 5 && upper === 'EXPIREMEMBER');
}
