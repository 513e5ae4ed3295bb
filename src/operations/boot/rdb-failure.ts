import type { Finding } from '../../findings.ts';
import type { BootRules } from './generation.ts';
import type { BootSettings } from './settings.ts';

/**
 * Why a server refuses an RDB by its first nine bytes; undefined where it goes on. `returns`: its loader gives up and the caller
 * says more, instead of ending the process at once.
 */
export function rdbHeaderFailure(
  head: string,
  rules: BootRules,
  settings: BootSettings,
): { readonly message: string; readonly returns: boolean } | undefined {
  const short = { message: 'Short read or OOM loading DB. Unrecoverable error, aborting now.', returns: false };
  if (head.length < 9) return short;
  if (!rules.fileMagics.some((magic) => head.startsWith(magic)))
    return { message: 'Wrong signature trying to load DB from file', returns: true };
  const digits = head.startsWith('VALKEY') ? head.slice(6) : head.slice(5);
  const version = Number.parseInt(digits, 10) || 0;
  return isHandled(head, version, rules, settings)
    ? undefined
    : { message: `Can't handle RDB format version ${version}`, returns: true };
}

function isHandled(head: string, version: number, rules: BootRules, settings: BootSettings): boolean {
  const own = rules.target.rdbVersion;
  const isValkeyMagic = head.startsWith('VALKEY');
  const isRelaxed = settings.versionCheck === 'relaxed';
  // Valkey 8.1 refuses what Redis wrote after the fork, whatever the setting.
  if (own < 80) return version >= 1 && (version <= own || (isRelaxed && version > 79));
  if (version < 1 || isValkeyMagic !== version > 79) return false;
  return isRelaxed || (isValkeyMagic ? version <= own : version <= 11);
}

/** The line of the log that ends a server for what is wrong in the RDB; undefined where nothing is that it minds. */
export function rdbFailure(findings: readonly Finding[], rules: BootRules, settings: BootSettings): string | undefined {
  for (const { code, severity, key } of findings) {
    if (code === 'rdb.checksum.mismatch') {
      if (settings.rdbChecksum) return 'Wrong RDB checksum';
    } else if (code === 'rdb.module.aux') {
      // With modules nobody knows.
      if (settings.modules.length === 0) return "The RDB file contains AUX module data I can't load";
    } else if (severity !== 'error') continue;
    else if (code === 'rdb.module.needed') return "The RDB file contains module data I can't load: no matching module";
    else if (code.startsWith('rdb.function')) return libraryLine(code);
    else if (code === 'rdb.truncated') return 'Short read or OOM loading DB. Unrecoverable error, aborting now.';
    else if (code === 'rdb.key.duplicate') return duplicateLine(key?.name ?? '', key?.db ?? 0, rules);
    else if (rules.keepsPreamble && /^rdb\.(unsupported\.)?(type|opcode)/.test(code))
      return "Can't handle foreign type or opcode";
    else return 'Internal error in RDB reading offset';
  }
  return undefined;
}

function libraryLine(code: string): string {
  return code === 'rdb.function.pre-release' ? 'Pre-release function format not supported' : 'Failed loading library';
}

/** Valkey 9 hides names of keys from its log. */
function duplicateLine(name: string, database: number, rules: BootRules): string {
  return rules.keepsPreamble ? 'RDB has duplicated key' : `RDB has duplicated key '${name}' in DB ${database}`;
}
