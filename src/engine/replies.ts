/** Error replies of the servers, word for word: a handler returns one where the server would. */
export const wrongType = 'WRONGTYPE Operation against a key holding the wrong kind of value';
export const syntaxError = 'ERR syntax error';
export const notInteger = 'ERR value is not an integer or out of range';
export const notFloat = 'ERR value is not a valid float';
export const notPositive = 'ERR value is out of range, must be positive';
export const noSuchKey = 'ERR no such key';
export const indexOutOfRange = 'ERR index out of range';
export const databaseOutOfRange = 'ERR DB index is out of range';
export const invalidDatabase = 'ERR invalid DB index';
export const busyKey = 'BUSYKEY Target key name already exists.';
export const sameObject = 'ERR source and destination objects are the same';
export const stringTooLong = 'ERR string exceeds maximum allowed size (proto-max-bulk-len)';
export const offsetOutOfRange = 'ERR offset is out of range';
export const incrementOverflow = 'ERR increment or decrement would overflow';
export const incrementNotFinite = 'ERR increment would produce NaN or Infinity';
export const execWithoutMulti = 'ERR EXEC without MULTI';
export const nestedMulti = 'ERR MULTI calls can not be nested';
export const numkeysNotPositive = 'ERR numkeys should be greater than 0';

/** The reply to a command with too few or too many arguments; `name` is lower case, `container|sub` for a subcommand. */
export function wrongArgumentCount(name: string): string {
  return `ERR wrong number of arguments for '${name.toLowerCase()}' command`;
}

/** The reply of SETEX, GETEX and their kind to a time that cannot be. */
export function invalidExpireTime(name: string): string {
  return `ERR invalid expire time in '${name.toLowerCase()}' command`;
}

/** The reply to a name that no server of the catalog has. */
export function unknownCommand(name: string): string {
  return `ERR unknown command '${name}'`;
}

/** Not a server's: a script, a function or a module's command, whose effect only a server knows. */
export function unknownEffect(name: string): string {
  return `ERR the effect of '${name}' is not known`;
}
