/** Whether a command is installed, for tests that need one. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export const hasCommand = (name: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
