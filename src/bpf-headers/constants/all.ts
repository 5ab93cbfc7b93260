import { byteOrder } from './byte-order.ts';
import type { Constants } from './entry.ts';
import { errors } from './errors.ts';
import { files } from './files.ts';
import { language } from './language.ts';
import { memory } from './memory.ts';
import { network } from './network.ts';
import { scheduling } from './scheduling.ts';
import { security } from './security.ts';

/** All tables of constants. */
export const constants: readonly (readonly Constants[])[] = [
  language,
  byteOrder,
  memory,
  errors,
  scheduling,
  files,
  network,
  security,
];
