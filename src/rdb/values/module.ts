import type { RdbInput } from '../input.ts';
import { moduleTypeOf, needsModule, skipModuleData } from '../module-data.ts';
import type { ValueCheck } from '../value-check.ts';
import { checkVectorSet } from './vector-set.ts';

/** Module values: type 7 (4.0): the type's 64-bit id, then module data. See module-data.ts. */
export function checkModule(input: RdbInput, check: ValueCheck): void {
  const { name } = moduleTypeOf(input.unsigned());
  if (needsModule(name)) check.moduleName = name;
  check.isVectorSet = name === 'vectorset';
  if (check.isVectorSet) checkVectorSet(input, check);
  else skipModuleData(input);
}

/** Type 6, release candidates of 4.0: nothing in the file tells where such a value ends. */
export function checkModulePreRelease(input: RdbInput): void {
  input.fail('rdb.module.pre-release', 'a module value of type 7', 'one of type 6');
}
