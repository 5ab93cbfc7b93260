// npm run test:vm: tests in a virtual machine, which take a minute of one processor and more; those that need longer
// than that say so themselves.
const dist = process.env.IKFS_DIST ?? 'dist';

export default {
  files: [`${dist}/test/vm/*.test.js`],
  timeout: '5m',
  concurrency: 2,
  workerThreads: false,
};
