import { boolean } from '@oclif/core/flags';

/** How a folder is looked into that is given to check or verify. */
export const folderFlags = {
  recursive: boolean({ description: 'look into the folders of a folder, too' }),
  'allow-empty': boolean({ description: 'take a folder without any AOF or RDB for sound: for start scripts' }),
};
