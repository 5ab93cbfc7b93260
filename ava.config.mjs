// Tests run from compiled output; IKFS_DIST names another output folder than dist.
const dist = process.env.IKFS_DIST ?? 'dist';

export default {
  files: [`${dist}/test/**/*.test.js`, `!${dist}/test/vm/**`],
  timeout: '5m',
  concurrency: 2,
  workerThreads: false,
};
