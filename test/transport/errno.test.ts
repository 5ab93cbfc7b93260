import test from 'ava';
import { constants } from 'node:os';
import { IkfsError, errorCodes } from '../../src/errors.ts';
import { errnoOf } from '../../src/transport/errno.ts';

test('every way to fail has an errno that the system knows, and never ENOSYS', (t) => {
  const known: readonly number[] = Object.values(constants.errno);
  for (const code of errorCodes) {
    const errno = errnoOf(new IkfsError(code, 'test'));
    t.true(known.includes(errno), code);
    t.not(errno, constants.errno.ENOSYS, 'the kernel would never ask again');
  }
});

test('system errors keep their meaning, defects are EIO', (t) => {
  t.is(errnoOf(Object.assign(new Error('full'), { code: 'ENOSPC' })), constants.errno.ENOSPC);
  t.is(errnoOf(Object.assign(new Error('no'), { code: 'EPERM' })), constants.errno.EACCES);
  t.is(errnoOf(new TypeError('defect')), constants.errno.EIO);
  t.is(errnoOf('text'), constants.errno.EIO);
});
