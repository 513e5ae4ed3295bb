/** oclif's help, which only those load who ask for it. */
export { Help } from '@oclif/core/help';
